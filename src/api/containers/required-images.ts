import type { Cluster } from "../../cluster/cluster.ts";
import { findImage } from "../views/image-lookup.ts";
import { hasName, isId, parseImageReference } from "../views/image-reference.ts";

/**
 * An image given by ID cannot be pulled, so only engines that hold it will do (spec: scheduling.md §11 B9).
 * @returns the IDs to require; none when the image is named, or known by name somewhere
 */
export function requiredImages(cluster: Cluster, image: string): readonly string[] {
  if (!/^(sha256:)?[0-9a-f]{3,64}$/.test(image)) return [];
  const nodes = [...cluster.members()].map((engine) => ({
    node: engine,
    images: engine.cache.inventory.images,
  }));
  const lookup = findImage(nodes, image);
  if (lookup.kind !== "found") return [];
  const [{ image: found }] = lookup.copies;
  return hasName(found, parseImageReference(image)) && !isId(found, image) ? [] : [found.Id];
}

/** Does any engine of the cluster hold this image? */
export function isKnownImage(cluster: Cluster, image: string): boolean {
  const nodes = [...cluster.members()].map((engine) => ({
    node: engine,
    images: engine.cache.inventory.images,
  }));
  return findImage(nodes, image).kind === "found";
}
