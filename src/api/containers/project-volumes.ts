import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import { compareNatural } from "../../scheduler/natural-order.ts";
import { PROJECT_LABEL } from "../views/compose-labels.ts";

/**
 * The node with most of the containers of the same Compose project that use a volume this container names; undefined when there is none, or no
 * project. Containers of one project share a volume because they mean the same data. Volumes that a driver shows on every node say nothing.
 */
export function homeOfVolumes(cluster: Cluster, body: ContainerCreateBody): string | undefined {
  const users = new Map<string, number>();
  for (const { engine } of usersOfVolumes(
    cluster,
    body,
    (volume, on) => on.isHealthy && isLocalTo(on, volume),
  ))
    users.set(engine.name, (users.get(engine.name) ?? 0) + 1);
  const [home] = [...users].sort(([a, countA], [b, countB]) => countB - countA || compareNatural(a, b));
  return home?.[0];
}

/** Has the same Compose project a container that uses a volume this one names? */
export const areVolumesUsed = (cluster: Cluster, body: ContainerCreateBody): boolean =>
  usersOfVolumes(cluster, body, () => true).next().done !== true;

function* usersOfVolumes(
  cluster: Cluster,
  body: ContainerCreateBody,
  counts: (volume: string, on: Engine) => boolean,
): Generator<ContainerRecord, void, undefined> {
  const project = body.Labels?.[PROJECT_LABEL];
  if (project === undefined || project === "") return;
  const volumes = namedVolumes(body);
  if (volumes.size === 0) return;
  for (const record of cluster.containers.values()) {
    const { labels, summary, engine } = record;
    if (labels[PROJECT_LABEL] !== project) continue;
    const shares = summary.Mounts?.some(
      ({ Type, Name }) =>
        Type === "volume" && Name !== undefined && volumes.has(Name) && counts(Name, engine),
    );
    if (shares === true) yield record;
  }
}

/** The volumes a create body names, each with its Compose project, as one text; none without a project. */
export function projectVolumes(body: ContainerCreateBody): readonly string[] {
  const project = body.Labels?.[PROJECT_LABEL];
  if (project === undefined || project === "") return [];
  return [...namedVolumes(body)].map((volume) => `${volume} ${project}`);
}

/** Is this not a volume that a driver shows on every node? */
function isLocalTo({ cache }: Engine, name: string): boolean {
  for (const { Name, Scope } of cache.inventory.volumes) if (Name === name) return Scope !== "global";
  return true;
}

/** The volumes a create body names, in a bind or a mount; paths are none. */
export function namedVolumes({ HostConfig: host }: ContainerCreateBody): ReadonlySet<string> {
  const names = new Set<string>();
  for (const bind of textsIn(host?.Binds)) {
    const [source = "", target] = bind.split(":", 2);
    if (target !== undefined && /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(source)) names.add(source);
  }
  const mounts: unknown = host?.Mounts;
  for (const mount of Array.isArray(mounts) ? (mounts as unknown[]) : []) {
    const { Type, Source } = (mount ?? {}) as { readonly Type?: unknown; readonly Source?: unknown };
    if (Type === "volume" && typeof Source === "string" && Source !== "") names.add(Source);
  }
  return names;
}

const textsIn = (list: unknown): readonly string[] =>
  Array.isArray(list) ? list.filter((each) => typeof each === "string") : [];
