import { notFound } from "../../errors.ts";
import type { ImageSummary } from "../../docker/types.ts";
import { hasName, idPrefixTest, idTest, parseImageReference } from "./image-reference.ts";
import type { NameOptions } from "./image-reference.ts";
import type { NodeImages, NodeView } from "./types.ts";

/** An image on one engine. */
export interface FoundImage {
  readonly node: NodeView;
  readonly image: ImageSummary;
}

/** "Not there" and "which one?" are answers, not exceptions. */
export type ImageLookup =
  | { readonly kind: "found"; readonly copies: readonly [FoundImage, ...FoundImage[]] }
  | { readonly kind: "none" }
  | { readonly kind: "ambiguous" };

/**
 * Every copy of the image a reference means, those on healthy engines first (images-networks-volumes.md §1.1 with A10, A11). As on an engine, a whole
 * id comes first, then names, then id prefixes; a prefix of several different ids is ambiguous.
 */
export function findImage(
  nodes: Iterable<NodeImages>,
  reference: string,
  options: NameOptions = {},
): ImageLookup {
  const parsed = parseImageReference(reference);
  const [isMeant, mayBeMeant] = [idTest(reference), idPrefixTest(reference)];
  const byId: FoundImage[] = [];
  const byName: FoundImage[] = [];
  const byPrefix: FoundImage[] = [];
  for (const { node, images } of nodes) {
    for (const image of images) {
      if (isMeant(image)) byId.push({ node, image });
      else if (hasName(image, parsed, options)) byName.push({ node, image });
      else if (mayBeMeant(image)) byPrefix.push({ node, image });
    }
  }
  if (byId.length > 0) return found(byId);
  if (byName.length > 0) return found(byName);
  if (new Set(byPrefix.map(({ image }) => image.Id)).size > 1) return { kind: "ambiguous" };
  return found(byPrefix);
}

function found(copies: readonly FoundImage[]): ImageLookup {
  const isHealthy = ({ node }: FoundImage): boolean => node.state === "Healthy";
  const [first, ...rest] = [...copies.filter(isHealthy), ...copies.filter((copy) => !isHealthy(copy))];
  return first === undefined ? { kind: "none" } : { kind: "found", copies: [first, ...rest] };
}

/**
 * The copies, or the error of a single-image route (§1.3).
 * @throws ApiError 404 `No such image: X` or `multiple IDs found with provided prefix: X`
 */
export function requireImage(
  nodes: Iterable<NodeImages>,
  reference: string,
  options: NameOptions = {},
): readonly [FoundImage, ...FoundImage[]] {
  const lookup = findImage(nodes, reference, options);
  switch (lookup.kind) {
    case "found":
      return lookup.copies;
    case "none":
      throw notFound(`No such image: ${reference}`);
    case "ambiguous":
      throw notFound(`multiple IDs found with provided prefix: ${reference}`);
  }
}

/**
 * The healthy engines that hold all the images named, at least one; names without a tag accept any (`GET /images/get`, §1.3).
 * @throws ApiError 404 `Unable to find a healthy engine containing all images: [a b]`
 */
export function requireNodesWithAll(
  nodes: Iterable<NodeImages>,
  names: readonly string[],
): readonly NodeView[] {
  const wanted = names.map((name) => {
    const { tag, digest } = parseImageReference(name);
    return { name, ignoreTag: tag === undefined && digest === undefined };
  });
  const holders: NodeView[] = [];
  for (const { node, images } of nodes) {
    if (node.state !== "Healthy") continue;
    const held = [{ node, images: [...images] }];
    if (wanted.every(({ name, ignoreTag }) => findImage(held, name, { ignoreTag }).kind === "found"))
      holders.push(node);
  }
  if (holders.length > 0) return holders;
  throw notFound(`Unable to find a healthy engine containing all images: [${names.join(" ")}]`);
}
