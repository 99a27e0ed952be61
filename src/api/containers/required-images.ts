import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
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

/** An image that engines other than one hold. */
export interface HeldImage {
  /** Healthy, in the cluster's order. */
  readonly holders: readonly Engine[];
  /** Theirs: engines that built or imported it each on its own have one each. */
  readonly ids: readonly string[];
  /** None of them got it from a registry, or sent it to one, by this name: no registry need be asked. */
  readonly isLocal: boolean;
}

/** Who of the healthy engines holds an image; `undefined`: nobody but perhaps the one left out. */
export function heldImage(cluster: Cluster, image: string, except?: Engine): HeldImage | undefined {
  const nodes = [...cluster.healthy()]
    .filter((engine) => engine !== except)
    .map((engine) => ({ node: engine, images: engine.cache.inventory.images }));
  const lookup = findImage(nodes, image);
  if (lookup.kind !== "found") return undefined;
  const { repository } = parseImageReference(image);
  const addrs = new Set(lookup.copies.map(({ node }) => node.addr));
  return {
    holders: nodes.flatMap(({ node }) => (addrs.has(node.addr) ? [node] : [])),
    ids: [...new Set(lookup.copies.map(({ image: { Id } }) => Id))],
    isLocal: !lookup.copies.some(({ image: { RepoDigests } }) =>
      RepoDigests?.some((digest) => parseImageReference(digest).repository === repository),
    ),
  };
}
