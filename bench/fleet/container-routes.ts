import type { ContainerCreateBody, HostConfig } from "../../src/docker/types.ts";
import { newImageId, topView } from "./container-view.ts";
import { assertNameIsFree, createContainer, stringList } from "./create.ts";
import { EngineRefusal, type Exchange } from "./exchange.ts";
import { normalizeReference } from "./images.ts";
import * as lifecycle from "./lifecycle.ts";
import { parseSignal } from "./process.ts";
import type { Route } from "./router.ts";
import type { EngineState } from "./state.ts";
import type { SimContainer } from "./types.ts";

const target = (exchange: Exchange): SimContainer => exchange.state.container(exchange.param("id"));

/** An action that answers 204. */
const action =
  (act: (state: EngineState, container: SimContainer, exchange: Exchange) => void) =>
  (exchange: Exchange): void => {
    act(exchange.state, target(exchange), exchange);
    exchange.empty(204);
  };

function signalOf(exchange: Exchange, otherwise: string): number {
  const text = exchange.query.get("signal") ?? "";
  const signal = parseSignal(text === "" ? otherwise : text);
  if (signal === undefined) throw new EngineRefusal(400, `Invalid signal: ${text}`);
  return signal;
}

const stopSignal = (exchange: Exchange, { config }: SimContainer): number =>
  signalOf(exchange, typeof config.StopSignal === "string" ? config.StopSignal : "TERM");

async function create(exchange: Exchange): Promise<void> {
  const body = (await exchange.jsonBody()) as ContainerCreateBody;
  const { id } = createContainer(exchange.state, exchange.query.get("name") ?? "", body);
  exchange.json(201, { Id: id, Warnings: [] });
}

function start(exchange: Exchange): void {
  exchange.empty(lifecycle.startContainer(exchange.state, target(exchange)) ? 204 : 304);
}

function stop(exchange: Exchange): void {
  const container = target(exchange);
  exchange.empty(
    lifecycle.stopContainer(exchange.state, container, stopSignal(exchange, container)) ? 204 : 304,
  );
}

function restart(exchange: Exchange): void {
  const { state } = exchange;
  const container = target(exchange);
  // A restart keeps even an auto-remove container.
  const { hostConfig } = container;
  container.hostConfig = { ...hostConfig, AutoRemove: false };
  lifecycle.stopContainer(state, container, stopSignal(exchange, container));
  container.hostConfig = hostConfig;
  lifecycle.startContainer(state, container);
  state.containerEvent(container, "restart");
  exchange.empty(204);
}

function rename(state: EngineState, container: SimContainer, exchange: Exchange): void {
  const name = (exchange.query.get("name") ?? "").replace(/^\//, "");
  if (name === "") throw new EngineRefusal(400, "Neither old nor new names may be empty");
  assertNameIsFree(state, name, "Error when allocating new name: ");
  const oldName = container.name;
  state.names.delete(oldName);
  state.names.set(name, container.id);
  container.name = name;
  state.containerEvent(container, "rename", { oldName: `/${oldName}` });
}

async function update(exchange: Exchange): Promise<void> {
  const container = target(exchange);
  const changes = (await exchange.jsonBody()) as HostConfig;
  container.hostConfig = { ...container.hostConfig, ...changes };
  exchange.state.containerEvent(container, "update");
  exchange.json(200, { Warnings: null });
}

function top(exchange: Exchange): void {
  const container = target(exchange);
  lifecycle.assertRunning(container);
  exchange.state.containerEvent(container, "top");
  exchange.json(200, topView(container));
}

function resize(exchange: Exchange): void {
  lifecycle.assertRunning(target(exchange));
  exchange.empty(200);
}

function remove(state: EngineState, container: SimContainer, exchange: Exchange): void {
  lifecycle.removeContainer(state, container, exchange.flag("force"));
  if (!exchange.flag("v")) return;
  for (const { Name = "" } of container.mounts) if (/^[0-9a-f]{64}$/.test(Name)) state.volumes.delete(Name);
}

function changes(exchange: Exchange): void {
  const files = [...(target(exchange).files?.keys() ?? [])];
  exchange.json(200, files.length === 0 ? null : files.map((Path) => ({ Path, Kind: 1 })));
}

async function commit(exchange: Exchange): Promise<void> {
  const { state, query } = exchange;
  const container = state.container(query.get("container") ?? "");
  const config = await exchange.jsonBody(true);
  const repo = query.get("repo") ?? "";
  const tag = query.get("tag") ?? "";
  const id = newImageId();
  const cmd = stringList(config.Cmd);
  state.images.set(id, {
    ...{
      id,
      tags: repo === "" ? [] : [normalizeReference(tag === "" ? repo : `${repo}:${tag}`)],
      digests: [],
    },
    ...{ createdMs: state.clock.now(), sizeBytes: 2_000_000, labels: container.config.Labels ?? null },
    ...{ cmd: cmd.length > 0 ? cmd : container.argv, comment: query.get("comment") ?? "" },
  });
  state.containerEvent(container, "commit", { comment: query.get("comment") ?? "", imageID: id });
  exchange.json(201, { Id: id });
}

function prune(exchange: Exchange): void {
  const { state } = exchange;
  const labels = exchange.filters(["label", "label!", "until"]).get("label") ?? [];
  const idle = [...state.containers.values()].filter(
    (container) => ["exited", "created"].includes(container.status) && passes(container, "label", labels),
  );
  for (const container of idle) lifecycle.removeContainer(state, container, false);
  state.events.record({ type: "container", action: "prune", id: "", attributes: { reclaimed: "0" } });
  exchange.json(200, {
    ContainersDeleted: idle.length === 0 ? null : idle.map(({ id }) => id),
    SpaceReclaimed: 0,
  });
}

const FILTERS = [
  ...["ancestor", "before", "exited", "expose", "health", "id", "isolation", "is-task", "label", "name"],
  ...["network", "publish", "since", "status", "volume"],
];

function list(exchange: Exchange): void {
  const { state, query } = exchange;
  const filters = exchange.filters(FILTERS);
  const limit = Number(query.get("limit") ?? 0);
  const all = exchange.flag("all") || limit > 0 || filters.has("status") || filters.has("exited");
  const links = linkNames(state);
  const found = [...state.containers.values()]
    .filter((container) => all || container.status === "running" || container.status === "paused")
    .filter((container) => [...filters].every(([key, values]) => passes(container, key, values)))
    .sort((a, b) => b.createdMs - a.createdMs);
  const shown = limit > 0 ? found.slice(0, limit) : found;
  const size = exchange.flag("size") ? ',"SizeRw":0,"SizeRootFs":2000000}' : "}";
  const entries = shown.map((container) => {
    const text = state.texts.entry(container, links.get(container.id) ?? NO_NAMES);
    return `${text.slice(0, -1)}${size}`;
  });
  exchange.text(200, `[${entries.join(",")}]\n`);
}

const NO_NAMES: readonly string[] = [];

/** Names a container has through the `Links` of others, `/web/db`, by its ID. */
function linkNames(state: EngineState): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { name, hostConfig } of state.containers.values()) {
    for (const link of hostConfig.Links ?? []) {
      const [target = "", alias = target] = link.split(":");
      const id = state.names.get(target.replace(/^\//, "")) ?? target;
      names.set(id, [...(names.get(id) ?? []), `/${name}/${alias}`]);
    }
  }
  return names;
}

function passes(container: SimContainer, key: string, values: readonly string[]): boolean {
  const labels = container.config.Labels ?? {};
  if (key === "label") {
    return values.every((value) => {
      const [name = "", ...rest] = value.split("=");
      return name in labels && (rest.length === 0 || labels[name] === rest.join("="));
    });
  }
  return values.some((value) => {
    switch (key) {
      case "id":
        return container.id.startsWith(value) || matchesPattern(value, [container.id]);
      case "name":
        return matchesPattern(value, [container.name, `/${container.name}`]);
      case "status":
        return container.status === value;
      case "exited":
        return container.status === "exited" && container.exitCode === Number(value);
      case "health":
        return (container.health ?? "none") === value;
      case "network":
        return container.endpoints.some(({ network }) => network === value);
      case "volume":
        return container.mounts.some(({ Name, Destination }) => Name === value || Destination === value);
      case "ancestor":
        return normalizeReference(container.config.Image ?? "") === normalizeReference(value);
      default:
        return true;
    }
  });
}

function matchesPattern(pattern: string, texts: readonly string[]): boolean {
  try {
    const regex = new RegExp(pattern);
    return texts.some((text) => regex.test(text));
  } catch {
    return texts.includes(pattern);
  }
}

// prettier-ignore
export const containerRoutes: readonly Route[] = [
  { method: "get",    path: "/containers/json",        handle: list },
  { method: "post",   path: "/containers/create",      handle: create },
  { method: "post",   path: "/containers/prune",       handle: prune },
  { method: "get",    path: "/containers/:id/json",    handle: (exchange) => exchange.text(200, exchange.state.texts.inspect(target(exchange))) },
  { method: "post",   path: "/containers/:id/start",   handle: start },
  { method: "post",   path: "/containers/:id/stop",    handle: stop },
  { method: "post",   path: "/containers/:id/restart", handle: restart },
  { method: "post",   path: "/containers/:id/kill",    handle: action((state, container, exchange) => lifecycle.killContainer(state, container, signalOf(exchange, "KILL"), exchange.param("id"))) },
  { method: "post",   path: "/containers/:id/pause",   handle: action(lifecycle.pauseContainer) },
  { method: "post",   path: "/containers/:id/unpause", handle: action(lifecycle.unpauseContainer) },
  { method: "post",   path: "/containers/:id/rename",  handle: action(rename) },
  { method: "post",   path: "/containers/:id/update",  handle: update },
  { method: "post",   path: "/containers/:id/resize",  handle: resize },
  { method: "get",    path: "/containers/:id/top",     handle: top },
  { method: "get",    path: "/containers/:id/changes", handle: changes },
  { method: "delete", path: "/containers/:id",         handle: action(remove) },
  { method: "post",   path: "/commit",                 handle: commit },
];
