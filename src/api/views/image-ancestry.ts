import type { ImageSummary } from "../../docker/types.ts";
import { hasIdPrefix, hasName, isId, parseImageReference } from "./image-reference.ts";

/** The ids of the images meant by any of these references, and of all images built upon them, on one engine (the `ancestor` filter). */
export function imagesAndDescendants(
  images: Iterable<ImageSummary>,
  references: readonly string[],
): ReadonlySet<string> {
  const parsed = references.map((text) => ({ text, name: parseImageReference(text) }));
  const children = new Map<string, string[]>();
  const pending: string[] = [];
  for (const image of images) {
    const { Id: id, ParentId: parent } = image;
    if (parent !== undefined && parent !== "") {
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [id]);
      else siblings.push(id);
    }
    const isMeant = parsed.some(
      ({ text, name }) => isId(image, text) || hasName(image, name) || hasIdPrefix(image, text),
    );
    if (isMeant) pending.push(id);
  }
  const family = new Set<string>();
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (family.has(id)) continue;
    family.add(id);
    pending.push(...(children.get(id) ?? []));
  }
  return family;
}

/** The ids that are some other image's parent: intermediate layers when they bear no tag. */
export function parentIds(images: Iterable<ImageSummary>): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { ParentId: parent } of images) {
    if (parent !== undefined && parent !== "") ids.add(parent);
  }
  return ids;
}
