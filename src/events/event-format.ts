import type { ClusterEvent, EventNode, SourceEvent } from "./types.ts";

/** Types whose events carry the old `status` and `id` fields. */
const typesWithStatus: ReadonlySet<string> = new Set(["container", "image"]);

/** An engine's event with its node added, in the exact shape and key order of events.md §2. Fields engines from API 1.52 on no longer send are made up again (E5). */
export function formatEvent(source: SourceEvent, node: EventNode): ClusterEvent {
  const type = source.Type ?? "";
  const action = source.Action ?? "";
  const actorId = source.Actor?.ID ?? "";
  const attributes = source.Actor?.Attributes ?? {};
  const hasStatus = typesWithStatus.has(type);
  const image = type === "container" ? attributes.image : undefined;
  return new FormattedEvent({
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
    node: asItIs(node),
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
  return new FormattedEvent({
    status: action,
    id: "",
    from: "swarm",
    type: "swarm",
    action,
    actorId: about.actorId ?? "",
    attributes: about.attributes ?? {},
    scope: "",
    time: Math.floor(nowMs / 1_000),
    timeNano: BigInt(Math.trunc(nowMs)) * 1_000_000n,
    node: asItIs(node),
  });
}

function nanoseconds({ time, timeNano }: SourceEvent): bigint {
  if (timeNano !== undefined) return typeof timeNano === "bigint" ? timeNano : BigInt(Math.trunc(timeNano));
  return BigInt(Math.trunc(time ?? 0)) * 1_000_000_000n;
}

/** An engine's name and address may be others later. */
const asItIs = ({ name, id, addr, ip }: EventNode): EventNode => ({ name, id, addr, ip });

interface Parts {
  readonly status: string;
  readonly id: string;
  readonly from: string;
  readonly type: string;
  readonly action: string;
  readonly actorId: string;
  /** As they came. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly scope: string;
  /** Unix seconds. */
  readonly time: number;
  readonly timeNano: bigint;
  readonly node: EventNode;
}

/** Made into text when somebody wants it, and then once: of the thousands of events a second, most are heard by nobody. */
class FormattedEvent implements ClusterEvent {
  readonly #parts: Parts;
  #attributes: ReadonlyMap<string, string> | undefined;
  #json: string | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get type(): string {
    return this.#parts.type;
  }
  get action(): string {
    return this.#parts.action;
  }
  get actorId(): string {
    return this.#parts.actorId;
  }
  get scope(): string {
    return this.#parts.scope;
  }
  get timeNano(): bigint {
    return this.#parts.timeNano;
  }
  get node(): EventNode {
    return this.#parts.node;
  }
  get attributes(): ReadonlyMap<string, string> {
    return (this.#attributes ??= attributesOf(this.#parts));
  }
  get json(): string {
    return (this.#json ??= jsonOf(this.#parts));
  }
  get size(): number {
    return sizeOf(this.#parts);
  }
}

const NODE_KEYS = ["node.addr", "node.id", "node.ip", "node.name"] as const;

/** Of all attributes, those of the node among them, sorted as text. */
function keysOf({ attributes }: Parts): readonly string[] {
  const keys = Object.keys(attributes);
  for (const key of NODE_KEYS) if (!Object.hasOwn(attributes, key)) keys.push(key);
  return keys.sort();
}

/** Of an attribute; `node.*` wins over labels of that name. */
function valueOf({ attributes, node }: Parts, key: string): string {
  switch (key) {
    case "node.addr":
      return node.addr;
    case "node.id":
      return node.id;
    case "node.ip":
      return node.ip;
    case "node.name":
      return node.name;
    default:
      return attributes[key] ?? "";
  }
}

const attributesOf = (parts: Parts): ReadonlyMap<string, string> =>
  new Map(keysOf(parts).map((key) => [key, valueOf(parts, key)]));

function jsonOf(parts: Parts): string {
  const { status, id, from, type, action, actorId, scope, time, timeNano, node } = parts;
  const members = [];
  if (status !== "") members.push(member("status", status));
  if (id !== "") members.push(member("id", id));
  members.push(member("from", `${from} node:${node.name}`), member("Type", type), member("Action", action));
  members.push(`"Actor":{${member("ID", actorId)},"Attributes":${attributesJson(parts)}}`);
  if (scope !== "") members.push(member("scope", scope));
  if (time !== 0) members.push(`"time":${Math.trunc(time)}`);
  if (timeNano !== 0n) members.push(`"timeNano":${timeNano}`);
  members.push(`"node":${JSON.stringify({ Name: node.name, Id: node.id, Addr: node.addr, Ip: node.ip })}`);
  return `{${members.join(",")}}`;
}

/** By hand, because an object would move keys that look like numbers to the front. */
const attributesJson = (parts: Parts): string =>
  `{${keysOf(parts)
    .map((key) => member(key, valueOf(parts, key)))
    .join(",")}}`;

const member = (key: string, value: string): string => `${quoted(key)}:${quoted(value)}`;

const quoted = (text: string): string => (ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`);

/** What JSON, or `JSON.stringify`, does not show as it is: control characters, quotes and backslashes, halves of surrogate pairs. */
const ESCAPED = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** The characters of a text without its strings: the names of its members, times, punctuation. */
const FRAME_CHARS = 280;
/** Quotes, colon and comma of an attribute. */
const MEMBER_CHARS = 6;

function sizeOf({ status, id, from, type, action, actorId, attributes, scope, node }: Parts): number {
  let chars = FRAME_CHARS + status.length + id.length + from.length;
  chars += type.length + action.length + actorId.length + scope.length;
  // Among the attributes, and by itself; the name stands in `from` as well.
  chars += 3 * node.name.length + 2 * (node.id.length + node.addr.length + node.ip.length);
  for (const key in attributes) chars += key.length + (attributes[key]?.length ?? 0) + MEMBER_CHARS;
  return chars;
}
