import type { ClusterEvent, EventNode } from "./types.ts";

/** Everything `/events` filters by, as engines do (E6); `node` means the engine the event came from. */
export const eventFilterKeys: ReadonlySet<string> = new Set([
  "action",
  "config",
  "container",
  "daemon",
  "event",
  "image",
  "label",
  "network",
  "node",
  "plugin",
  "scope",
  "secret",
  "service",
  "type",
  "volume",
]);

export type EventTest = (event: ClusterEvent) => boolean;

/** Actions with a tail (`health_status: healthy`): asking for the head finds them all. */
const actionsWithTail: ReadonlySet<string> = new Set(["exec_create", "exec_start", "health_status"]);

/** Keys that name an object by id or name, or the beginning of either. */
const objectKeys = [
  "config",
  "container",
  "daemon",
  "network",
  "plugin",
  "secret",
  "service",
  "volume",
] as const;

/** One test for all filters: any value of a key, every key; of labels every value. Unknown keys ask nothing here. */
export function eventTest(filters: ReadonlyMap<string, readonly string[]>): EventTest {
  const tests: EventTest[] = [];
  const on = (key: string, test: (values: readonly string[], event: ClusterEvent) => boolean): void => {
    const values = filters.get(key);
    if (values !== undefined && values.length > 0) tests.push((event) => test(values, event));
  };
  on("type", (values, { type }) => values.includes(type));
  on("scope", (values, { scope }) => values.includes(scope));
  on("event", (values, { action }) => isAction(values, action));
  on("action", (values, { action }) => isAction(values, action));
  on("image", (values, event) => isImage(values, event));
  on("label", (values, { attributes }) => values.every((value) => hasLabel(attributes, value)));
  on("node", (values, { node }) => values.some((value) => isNode(node, value)));
  for (const key of objectKeys) on(key, (values, event) => values.some((value) => isObject(event, value)));
  return (event) => tests.every((test) => test(event));
}

function isAction(values: readonly string[], action: string): boolean {
  return (
    values.includes(action) || values.some((value) => actionsWithTail.has(value) && action.startsWith(value))
  );
}

/** By id or name, `node/name` as our lists show it, or the beginning of either. */
function isObject({ actorId, attributes, node }: ClusterEvent, value: string): boolean {
  const name = attributes.get("name") ?? "";
  return actorId.startsWith(value) || name.startsWith(value) || `${node.name}/${name}`.startsWith(value);
}

/** By id or name, with or without the tag. */
function isImage(values: readonly string[], { type, actorId, attributes }: ClusterEvent): boolean {
  const name = attributes.get(type === "image" ? "name" : "image") ?? "";
  return [actorId, name, withoutTag(actorId), withoutTag(name)].some((form) => values.includes(form));
}

function withoutTag(name: string): string {
  const bare = name.split("@", 1)[0] ?? "";
  const colon = bare.lastIndexOf(":");
  return colon < 0 || bare.includes("/", colon) ? bare : bare.slice(0, colon);
}

function hasLabel(attributes: ReadonlyMap<string, string>, wanted: string): boolean {
  const equals = wanted.indexOf("=");
  if (equals < 0) return attributes.has(wanted);
  return attributes.get(wanted.slice(0, equals)) === wanted.slice(equals + 1);
}

function isNode(node: EventNode, text: string): boolean {
  return text === node.name || text === node.id || (text !== "" && node.id.startsWith(`${text}|`));
}
