import { badRequest, notFound } from "../../errors.ts";
import { compareNatural } from "../../scheduler/natural-order.ts";
import type { VolumeSummary } from "../../docker/types.ts";
import { asksAsCompose, PROJECT_LABEL } from "./compose-labels.ts";
import { hasLabels, parseGoBool, refuseUnknownKeys, wanted } from "./docker-filters.ts";
import type { DockerFilters } from "./docker-filters.ts";
import { isNamed, meansObject } from "./node-names.ts";
import type { ContainerView, NodeView, VolumeView } from "./types.ts";

/** Everything `GET /volumes` filters by; `node` is ours. */
const volumeFilterKeys: ReadonlySet<string> = new Set(["dangling", "driver", "label", "name", "node"]);

const isLocalDriver = (volume: VolumeSummary): boolean => volume.Driver === "local";

/**
 * The volume a reference means (images-networks-volumes.md §3.1): `node/name`, or a bare name only one engine has, or one of a driver that spans engines.
 */
export function resolveVolume(volumes: Iterable<VolumeView>, reference: string): VolumeView | undefined {
  const all = [...volumes];
  const named = all.filter(({ node, volume }) => meansObject(reference, node, volume.Name));
  if (named.length === 1) return named[0];
  if (named.length > 1) {
    const bare = named.filter(({ volume }) => volume.Name === reference);
    return bare.find(({ volume }) => !isLocalDriver(volume)) ?? ofOneProject(bare)[0];
  }
  return all.find(({ volume }) => volume.Name === `/${reference}`);
}

/**
 * Of local volumes of one name, those Compose made for a project, if it is one project. Compose made them as one, and asks whether it is there under its
 * bare name: were there none, `up` would make it every time and `down` would leave it.
 */
function ofOneProject(volumes: readonly VolumeView[]): readonly VolumeView[] {
  const made = volumes.filter(({ volume }) => projectOf(volume) !== undefined);
  return new Set(made.map(({ volume }) => projectOf(volume))).size === 1 ? made : [];
}

const projectOf = ({ Labels }: VolumeSummary): string | undefined =>
  (Labels as Readonly<Record<string, string>> | null | undefined)?.[PROJECT_LABEL];

/** The nodes that can answer for a volume a reference was found to mean: all that have it, where they have it in common. */
export function nodesOf(
  volumes: readonly VolumeView[],
  reference: string,
  { node, volume }: VolumeView,
): readonly NodeView[] {
  const same = volumes.filter(
    (other) => other.volume.Name === volume.Name && other.volume.Driver === volume.Driver,
  );
  const isBare = reference === volume.Name;
  if (spansEngines(volume) || (isBare && !isLocalDriver(volume))) return same.map((other) => other.node);
  return isBare && same.length > 1 ? ofOneProject(same).map((other) => other.node) : [node];
}

/**
 * As {@link resolveVolume}, for routes about one volume.
 * @throws ApiError 404 `No such volume: X`
 */
export function requireVolume(volumes: Iterable<VolumeView>, reference: string): VolumeView {
  const found = resolveVolume(volumes, reference);
  if (found === undefined) throw notFound(`No such volume: ${reference}`);
  return found;
}

/**
 * `GET /volumes`: local ones as `node/name`; those that span engines once, by driver and name (§3.2, A21). Compose gets each name once, and bare.
 * Ordered by listed name.
 * @param containers who uses which volume, for `dangling`
 * @throws ApiError 400 for filter values an engine would refuse
 */
export function listVolumes(
  volumes: Iterable<VolumeView>,
  containers: Iterable<ContainerView>,
  query: { readonly filters: DockerFilters; readonly clientVersion: string | undefined },
): { readonly Volumes: readonly VolumeSummary[]; readonly Warnings: null } {
  refuseUnknownKeys(query.filters, volumeFilterKeys, query.clientVersion);
  const test = volumeTest(containers, query.filters);
  const byCompose = asksAsCompose(query.filters);
  const listed = new Map<string, VolumeSummary>();
  for (const view of volumes) {
    const { node, volume } = view;
    if (node.state === "Pending" || !test(view)) continue;
    const Name = byCompose ? volume.Name : listedVolumeName(node, volume);
    const isOne = byCompose || spansEngines(volume);
    const key = isOne ? `${volume.Driver} ${Name}` : `${node.addr} ${volume.Driver} ${Name}`;
    if (!listed.has(key)) listed.set(key, { ...volume, Name });
  }
  const Volumes = [...listed.values()].sort((a, b) => compareNatural(a.Name, b.Name));
  return { Volumes, Warnings: null };
}

/** The name as the cluster lists it: `node/name` for a local volume. */
export const listedVolumeName = (node: Pick<NodeView, "name">, volume: VolumeSummary): string =>
  isLocalDriver(volume) ? `${node.name}/${volume.Name}` : volume.Name;

/** One volume, however many engines list it. */
const spansEngines = (volume: VolumeSummary): boolean => volume.Scope === "global";

function volumeTest(
  containers: Iterable<ContainerView>,
  filters: DockerFilters,
): (view: VolumeView) => boolean {
  const names = wanted(filters, "name");
  const labels = wanted(filters, "label") ?? [];
  const nodes = wanted(filters, "node");
  const drivers = wanted(filters, "driver");
  const dangling = wanted(filters, "dangling")?.map((value) => {
    const flag = parseGoBool(value);
    if (flag === undefined) throw badRequest(`Invalid filter 'dangling=${value}'`);
    return flag;
  });
  const used = dangling === undefined ? new Set<string>() : volumesInUse(containers);
  return ({ node, volume }) =>
    (names === undefined || names.some((name) => volume.Name.includes(name))) &&
    hasLabels(volume.Labels as Record<string, string> | null | undefined, labels) &&
    (nodes === undefined || !isLocalDriver(volume) || nodes.some((name) => isNamed(node, name))) &&
    (drivers === undefined || drivers.includes(volume.Driver)) &&
    (dangling === undefined || dangling.includes(!used.has(useKey(node, volume))));
}

/** A volume that spans engines is in use wherever a container uses it. */
const useKey = (node: NodeView, volume: VolumeSummary): string =>
  spansEngines(volume) ? volume.Name : `${node.addr} ${volume.Name}`;

function volumesInUse(containers: Iterable<ContainerView>): Set<string> {
  const used = new Set<string>();
  for (const { node, summary } of containers) {
    for (const { Type, Name } of summary.Mounts ?? []) {
      if (Name === undefined || Name === "" || (Type !== undefined && Type !== "volume")) continue;
      used.add(Name).add(`${node.addr} ${Name}`);
    }
  }
  return used;
}
