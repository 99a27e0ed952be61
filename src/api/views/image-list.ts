import type { ImageSummary } from "../../docker/types.ts";
import { atLeast, compareVersions } from "../../docker/api-version.ts";
import { refuseUnknownKeys } from "./docker-filters.ts";
import type { DockerFilters } from "./docker-filters.ts";
import { imageFilterKeys, imageTest } from "./image-filters.ts";
import { placeholders } from "./image-reference.ts";
import type { NodeImages, NodeView } from "./types.ts";

/** `GET /images/json`, decoded. */
export interface ImageListQuery {
  readonly all: boolean;
  readonly filters: DockerFilters;
  /** The `filter` parameter of clients before 1.28: one more `reference` filter. */
  readonly filter: string | undefined;
  /** From the path prefix, or `undefined`. */
  readonly clientVersion: string | undefined;
  /** How many containers of a node are made from an image. Absent: nobody counts, as on engines before API 1.51. */
  readonly containersOf?: ((node: NodeView, imageId: string) => number) | undefined;
}

/**
 * The cluster's images, those with one id as one entry, newest first (images-networks-volumes.md §1.2 with A12). Where engines differ in anything but tags
 * and digests the first that knows speaks; `Containers` is a sum. Placeholders and `VirtualSize` are as the client's version has them.
 * @throws ApiError 400 for filter values an engine would refuse
 */
export function listImages(
  nodes: readonly NodeImages[],
  query: ImageListQuery,
  nowMs: number,
): readonly ImageSummary[] {
  refuseUnknownKeys(query.filters, imageFilterKeys, query.clientVersion);
  const admit = imageTest(nodes, withLegacyFilter(query), query.all, nowMs);

  const merged = new Map<string, ImageSummary>();
  for (const { node, images } of nodes) {
    if (node.state === "Pending") continue;
    for (const image of images) {
      const admitted = admit(node, image);
      if (admitted === undefined) continue;
      const entry = { ...admitted, Containers: query.containersOf?.(node, image.Id) ?? -1 };
      const known = merged.get(image.Id);
      merged.set(image.Id, known === undefined ? entry : merge(known, entry));
    }
  }
  return [...merged.values()].sort(newestFirst).map((image) => forVersion(image, query.clientVersion));
}

/** By age, then by id, so that the order is the same every time. */
export const newestFirst = (a: ImageSummary, b: ImageSummary): number =>
  b.Created - a.Created || (a.Id < b.Id ? -1 : 1);

function withLegacyFilter({ filters, filter, clientVersion }: ImageListQuery): DockerFilters {
  if (filter === undefined || filter === "") return filters;
  if (clientVersion !== undefined && atLeast(clientVersion, "1.28")) return filters;
  return new Map(filters).set("reference", [...(filters.get("reference") ?? []), filter]);
}

function merge(a: ImageSummary, b: ImageSummary): ImageSummary {
  const measured = (a.SharedSize ?? -1) < 0 ? b : a;
  const described = a.Manifests === undefined ? b : a;
  return {
    ...a,
    ...unitedNames(a, b),
    ...(measured.SharedSize === undefined ? {} : { SharedSize: measured.SharedSize }),
    ...(described.Manifests === undefined ? {} : { Manifests: described.Manifests }),
    Containers: sumKnown(a.Containers, b.Containers),
  };
}

/** The names two copies of an image have together, in the order first seen. */
export const unitedNames = (
  a: ImageSummary,
  b: ImageSummary,
): Pick<ImageSummary, "RepoTags" | "RepoDigests"> => ({
  RepoTags: union(a.RepoTags, b.RepoTags),
  RepoDigests: union(a.RepoDigests, b.RepoDigests),
});

const union = (a: readonly string[] | null, b: readonly string[] | null): string[] => [
  ...new Set([...(a ?? []), ...(b ?? [])]),
];

/** Adds what is known; −1 stands for what is not. */
export function sumKnown(a: number | undefined, b: number | undefined): number {
  if (a === undefined || a < 0) return b ?? -1;
  return b === undefined || b < 0 ? a : a + b;
}

/** `<none>` placeholders ended with API 1.43, `VirtualSize` with 1.44. */
export function forVersion(image: ImageSummary, version: string | undefined): ImageSummary {
  const before = (limit: string): boolean => version !== undefined && compareVersions(version, limit) < 0;
  const { VirtualSize: virtualSize, ...rest } = image;
  const tags = real(image.RepoTags);
  const digests = real(image.RepoDigests);
  const nameless = tags.length === 0 && digests.length === 0 && before("1.43");
  return {
    ...rest,
    RepoTags: nameless ? ["<none>:<none>"] : tags,
    RepoDigests: nameless ? ["<none>@<none>"] : digests,
    ...(before("1.44") ? { VirtualSize: virtualSize ?? image.Size } : {}),
  };
}

const real = (names: readonly string[] | null): string[] =>
  (names ?? []).filter((name) => !placeholders.has(name));

/** What `docker info` counts as images: those with a tag or digest, once per engine (api.md §6.2). */
export function countNamedImages(images: Iterable<ImageSummary>): number {
  let count = 0;
  for (const image of images) {
    if (real(image.RepoTags).length > 0 || real(image.RepoDigests).length > 0) count += 1;
  }
  return count;
}
