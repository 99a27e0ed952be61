import { objectField, stringField, stringListField } from "./wire.ts";
import type { JsonObject } from "./wire.ts";

const CONTAINER_MODE = "container:";

/**
 * Replaces every container reference of a create body by what `resolve` knows it as, usually the full id, so that an engine
 * understands references it would not: `node-1/c1`, a swarm id (spec: scheduling.md §6.2, B5). Links keep their alias.
 * References `resolve` does not know stay as they are. Pass a body that `parseCreate` has accepted.
 */
export function withResolvedReferences<B extends object>(
  body: B,
  resolve: (reference: string) => string | undefined,
): B {
  const host = objectField(body as JsonObject, "HostConfig", "container.HostConfig");
  if (host === undefined) return body;
  const changed: Record<string, unknown> = {};
  const volumes = stringListField(host, "VolumesFrom");
  if (volumes.length > 0) changed.VolumesFrom = volumes.map((text) => resolveVolumesFrom(text, resolve));
  const links = stringListField(host, "Links");
  if (links.length > 0) changed.Links = links.map((text) => resolveLink(text, resolve));
  for (const field of ["NetworkMode", "PidMode", "IpcMode"]) {
    const mode = stringField(host, field);
    const id = mode.startsWith(CONTAINER_MODE) ? resolve(mode.slice(CONTAINER_MODE.length)) : undefined;
    if (id !== undefined) changed[field] = CONTAINER_MODE + id;
  }
  return Object.keys(changed).length === 0 ? body : { ...body, HostConfig: { ...host, ...changed } };
}

type Resolve = (reference: string) => string | undefined;

function resolveVolumesFrom(text: string, resolve: Resolve): string {
  const colon = text.indexOf(":");
  const reference = colon < 0 ? text : text.slice(0, colon);
  const id = resolve(reference);
  return id === undefined ? text : id + text.slice(reference.length);
}

/** A link without alias is known by the container's plain name inside. */
function resolveLink(text: string, resolve: Resolve): string {
  const colon = text.indexOf(":");
  if (colon >= 0) return (resolve(text.slice(0, colon)) ?? text.slice(0, colon)) + text.slice(colon);
  const id = resolve(text);
  return id === undefined ? text : `${id}:${text.slice(text.lastIndexOf("/") + 1)}`;
}
