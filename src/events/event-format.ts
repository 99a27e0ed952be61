import type { ClusterEvent, EventNode, SourceEvent } from "./types.ts";

/** Types whose events carry the old `status` and `id` fields. */
const typesWithStatus: ReadonlySet<string> = new Set(["container", "image"]);

/** An engine's event with its node added, in the exact shape and key order of events.md §2. Fields engines from API 1.52 on no longer send are made up again (E5). */
export function formatEvent(source: SourceEvent, node: EventNode): ClusterEvent {
  const type = source.Type ?? "";
  const action = source.Action ?? "";
  const actorId = source.Actor?.ID ?? "";
  const attributes = withNode(source.Actor?.Attributes ?? {}, node);
  const hasStatus = typesWithStatus.has(type);
  const image = type === "container" ? attributes.get("image") : undefined;
  return finish({
    status: source.status ?? (hasStatus ? action : ""),
    id: source.id ?? (hasStatus ? actorId : ""),
    from: source.from ?? image ?? "",
    type,
    action,
    actorId,
    attributes,
    scope: source.scope ?? "",
    time: source.time ?? 0,
    timeNano: nanoseconds(source),
    node,
  });
}

/**
 * An event of the manager's own, by the manager's clock.
 * @param about what it is about beyond the node: a container by its swarm ID, and what else is known
 */
export function managerEvent(
  action: string,
  node: EventNode,
  nowMs: number,
  about: { readonly actorId?: string; readonly attributes?: Readonly<Record<string, string>> } = {},
): ClusterEvent {
  return finish({
    status: action,
    id: "",
    from: "swarm",
    type: "swarm",
    action,
    actorId: about.actorId ?? "",
    attributes: withNode(about.attributes ?? {}, node),
    scope: "",
    time: Math.floor(nowMs / 1_000),
    timeNano: BigInt(Math.trunc(nowMs)) * 1_000_000n,
    node,
  });
}

function nanoseconds({ time, timeNano }: SourceEvent): bigint {
  if (timeNano !== undefined) return typeof timeNano === "bigint" ? timeNano : BigInt(Math.trunc(timeNano));
  return BigInt(Math.trunc(time ?? 0)) * 1_000_000_000n;
}

/** Sorted by key; `node.*` wins over labels of that name. */
function withNode(
  attributes: Readonly<Record<string, string>>,
  node: EventNode,
): ReadonlyMap<string, string> {
  const all = new Map(Object.entries(attributes));
  all.set("node.name", node.name).set("node.id", node.id).set("node.addr", node.addr).set("node.ip", node.ip);
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Parts = Omit<ClusterEvent, "json"> & {
  readonly status: string;
  readonly id: string;
  readonly from: string;
  readonly time: number;
};

function finish({ status, id, from, time, ...event }: Parts): ClusterEvent {
  const { type, action, actorId, attributes, scope, timeNano, node } = event;
  const members = [
    ...(status === "" ? [] : [member("status", status)]),
    ...(id === "" ? [] : [member("id", id)]),
    member("from", `${from} node:${node.name}`),
    member("Type", type),
    member("Action", action),
    `"Actor":{${member("ID", actorId)},"Attributes":${mapJson(attributes)}}`,
    ...(scope === "" ? [] : [member("scope", scope)]),
    ...(time === 0 ? [] : [`"time":${Math.trunc(time)}`]),
    ...(timeNano === 0n ? [] : [`"timeNano":${timeNano.toString()}`]),
    `"node":${JSON.stringify({ Name: node.name, Id: node.id, Addr: node.addr, Ip: node.ip })}`,
  ];
  return { ...event, json: `{${members.join(",")}}` };
}

const member = (key: string, value: string): string => `${JSON.stringify(key)}:${JSON.stringify(value)}`;

/** By hand, because an object would move keys that look like numbers to the front. */
const mapJson = (map: ReadonlyMap<string, string>): string =>
  `{${[...map].map(([key, value]) => member(key, value)).join(",")}}`;
