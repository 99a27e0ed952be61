import { containerEntry, entriesOf, imageEntry, volumeEntry } from "../../docker/list-entries.ts";
import type { ContainerSummary, ImageSummary, Unknown, VolumeSummary } from "../../docker/types.ts";
import { compareNatural } from "../../scheduler/natural-order.ts";
import { mergeBuildCache } from "./build-cache.ts";
import { listEntry } from "./container-list.ts";
import { forVersion, newestFirst, sumKnown, unitedNames } from "./image-list.ts";
import type { ContainerView, NodeView } from "./types.ts";
import { listedVolumeName } from "./volumes.ts";

/** What `type=` may ask for. */
export const diskUsageKinds = ["container", "image", "volume", "build-cache"] as const;
export type DiskUsageKind = (typeof diskUsageKinds)[number];

/** One engine's answer to `GET /system/df`, not yet looked at. */
export type EngineDiskUsage = Unknown;

/** One node's disk usage. */
export interface NodeDiskUsage {
  readonly node: NodeView;
  readonly usage: EngineDiskUsage;
}

export interface DiskUsageContext {
  readonly kinds: ReadonlySet<DiskUsageKind>;
  /** From the path prefix, or `undefined`. */
  readonly clientVersion: string | undefined;
  readonly nowMs: number;
  /** What the cluster knows of a container, by its full ID. */
  find(containerId: string): ContainerView | undefined;
}

/**
 * Several nodes' disk usage as one engine's (api.md §10.3). Bytes are bytes on disks: an image three nodes have takes three times its size, and so do what
 * it shares and what is its own. Containers and volumes bear their nodes' names. What `type=` did not ask for is `null`.
 */
export function mergeDiskUsage(nodes: readonly NodeDiskUsage[], context: DiskUsageContext): Unknown {
  const asked = (kind: DiskUsageKind, merge: () => unknown): unknown =>
    context.kinds.has(kind) ? merge() : null;
  const builderSizes = nodes.map(({ usage }) => usage.BuilderSize).filter((size) => size !== undefined);
  return {
    LayersSize: context.kinds.has("image") ? sum(nodes.map(({ usage }) => usage.LayersSize)) : 0,
    Images: asked("image", () => images(nodes, context)),
    Containers: asked("container", () => containers(nodes, context)),
    Volumes: asked("volume", () => volumes(nodes)),
    BuildCache: asked("build-cache", () =>
      mergeBuildCache(nodes.map(({ node, usage }) => ({ node, records: records(usage.BuildCache) }))),
    ),
    ...(builderSizes.length === 0 ? {} : { BuilderSize: sum(builderSizes) }),
  };
}

/** Build cache records have an ID; an engine's answer is input like any other. */
const records = (list: unknown): readonly Unknown[] =>
  entriesOf(list, (entry) => {
    const record = (entry ?? {}) as Unknown;
    return typeof record.ID === "string" ? record : undefined;
  });

/** Bytes; whatever is not a size does not count. */
const sum = (sizes: readonly unknown[]): number =>
  sizes.reduce<number>((total, size) => total + (typeof size === "number" && size > 0 ? size : 0), 0);

function images(nodes: readonly NodeDiskUsage[], context: DiskUsageContext): readonly ImageSummary[] {
  const merged = new Map<string, ImageSummary>();
  for (const { usage } of nodes) {
    for (const image of entriesOf(usage.Images, imageEntry)) {
      const known = merged.get(image.Id);
      merged.set(image.Id, known === undefined ? image : addImages(known, image));
    }
  }
  return [...merged.values()].sort(newestFirst).map((image) => forVersion(image, context.clientVersion));
}

function addImages(a: ImageSummary, b: ImageSummary): ImageSummary {
  const total = (key: "Size" | "VirtualSize" | "SharedSize" | "Containers"): Partial<ImageSummary> =>
    a[key] === undefined && b[key] === undefined ? {} : { [key]: sumKnown(a[key], b[key]) };
  return {
    ...a,
    ...unitedNames(a, b),
    ...total("Size"),
    ...total("VirtualSize"),
    ...total("SharedSize"),
    ...total("Containers"),
  };
}

function containers(nodes: readonly NodeDiskUsage[], context: DiskUsageContext): readonly ContainerSummary[] {
  const listed = nodes.flatMap(({ node, usage }) =>
    entriesOf(usage.Containers, containerEntry).map((summary) => {
      const known = context.find(summary.Id);
      if (known !== undefined) return listEntry({ node, inspect: known.inspect, summary }, context.nowMs);
      return { ...summary, Names: (summary.Names ?? []).map((name) => `/${node.name}${name}`) };
    }),
  );
  return listed.sort((a, b) => b.Created - a.Created || (a.Id < b.Id ? -1 : 1));
}

/** How much a volume takes, and how many containers use it; −1 is "not known". */
interface VolumeUsage extends VolumeSummary {
  readonly UsageData?: { readonly Size?: number; readonly RefCount?: number } | null;
}

/** Local ones as `node/name`; those that span nodes once, with everybody who uses them (images-networks-volumes.md A21). */
function volumes(nodes: readonly NodeDiskUsage[]): readonly VolumeUsage[] {
  const merged = new Map<string, VolumeUsage>();
  for (const { node, usage } of nodes) {
    for (const volume of entriesOf<VolumeUsage>(usage.Volumes, volumeEntry)) {
      const Name = listedVolumeName(node, volume);
      const spansNodes = volume.Scope === "global";
      const key = JSON.stringify([spansNodes ? "" : node.addr, volume.Driver, Name]);
      const known = merged.get(key);
      merged.set(key, known === undefined ? { ...volume, Name } : shareVolume(known, volume));
    }
  }
  return [...merged.values()].sort((a, b) => compareNatural(a.Name, b.Name));
}

/** Every node sees the same bytes, but only its own containers. */
function shareVolume(a: VolumeUsage, { UsageData: b }: VolumeUsage): VolumeUsage {
  const { UsageData: known } = a;
  if (known === null || known === undefined) return { ...a, UsageData: b ?? null };
  return {
    ...a,
    UsageData: {
      Size: Math.max(known.Size ?? -1, b?.Size ?? -1),
      RefCount: sumKnown(known.RefCount, b?.RefCount),
    },
  };
}
