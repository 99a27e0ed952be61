import { EngineRefusal, type Exchange } from "./exchange.ts";
import { stableId } from "./ids.ts";
import type { Route } from "./router.ts";
import type { EngineState } from "./state.ts";

/** A simulated managed plugin. */
export interface SimPlugin {
  readonly id: string;
  readonly name: string;
  enabled: boolean;
  env: readonly string[];
  readonly reference: string;
  /** Size of the archive it was created from, bytes. */
  readonly bytes: number;
}

/** What a registry would offer; its only plugin. */
export const PULLABLE_PLUGIN = "vieux/sshfs:latest";

const plugins = new WeakMap<EngineState, Map<string, SimPlugin>>();

/** An engine's plugins, by name. */
export function pluginsOf(state: EngineState): Map<string, SimPlugin> {
  const known = plugins.get(state) ?? new Map<string, SimPlugin>();
  plugins.set(state, known);
  return known;
}

const tagged = (name: string): string => (/:[^/]+$/.test(name) ? name : `${name}:latest`);

function add(state: EngineState, name: string, reference: string, bytes = 0): SimPlugin {
  const plugin = {
    ...{ id: stableId(`plugin ${state.id} ${name}`), name, enabled: false },
    ...{ env: ["DEBUG=0"], reference, bytes },
  };
  pluginsOf(state).set(name, plugin);
  return plugin;
}

function pluginOf({ state, param }: { state: EngineState; param: string }): SimPlugin {
  const all = pluginsOf(state);
  const plugin = all.get(tagged(param)) ?? [...all.values()].find(({ id }) => id.startsWith(param));
  if (plugin === undefined) throw new EngineRefusal(404, `plugin "${param}" not found`);
  return plugin;
}

const named = (exchange: Exchange): SimPlugin =>
  pluginOf({ state: exchange.state, param: exchange.param("name") });

function view({ id, name, enabled, env, reference }: SimPlugin): object {
  return {
    Config: {
      ...{ Description: "a plugin", Documentation: "", Entrypoint: ["/plugin"] },
      Interface: { Socket: "plugin.sock", Types: ["docker.volumedriver/1.0"] },
    },
    ...{ Enabled: enabled, Id: id, Name: name, PluginReference: reference },
    Settings: { Args: [], Devices: [], Env: env, Mounts: [] },
  };
}

function list(exchange: Exchange): void {
  const filters = exchange.filters(["capability", "enabled"]);
  const enabled = filters.get("enabled")?.[0];
  const found = [...pluginsOf(exchange.state).values()].filter(
    (plugin) => enabled === undefined || (enabled === "true") === plugin.enabled,
  );
  exchange.json(200, found.map(view));
}

function privileges(exchange: Exchange): void {
  if (exchange.query.get("remote") !== PULLABLE_PLUGIN) throw new EngineRefusal(404, "manifest unknown");
  exchange.json(200, [{ Name: "network", Description: "permissions to access a network", Value: ["host"] }]);
}

async function pull(exchange: Exchange): Promise<void> {
  const { query, state } = exchange;
  const remote = query.get("remote") ?? "";
  await exchange.body();
  if (remote !== PULLABLE_PLUGIN) throw new EngineRefusal(404, `${remote} not found: manifest unknown`);
  const name = tagged(query.get("name") ?? remote);
  if (pluginsOf(state).has(name)) throw new EngineRefusal(409, `plugin "${name}" already exists`);
  exchange.res.setHeader("Docker-Plugin-Name", name);
  const res = exchange.stream("application/json");
  res.write(
    `${JSON.stringify({ status: "Downloading", progressDetail: { current: 1, total: 2 }, id: "abc" })}\r\n`,
  );
  add(state, name, `docker.io/${remote}`);
  res.end(`${JSON.stringify({ status: "Digest: sha256:1" })}\r\n`);
}

async function upgrade(exchange: Exchange): Promise<void> {
  const plugin = named(exchange);
  await exchange.body();
  if (plugin.enabled) throw new EngineRefusal(409, `plugin ${plugin.name} must be disabled before upgrading`);
  exchange.stream("application/json").end(`${JSON.stringify({ status: "Upgraded" })}\r\n`);
}

async function create(exchange: Exchange): Promise<void> {
  const name = tagged(exchange.query.get("name") ?? "");
  const { length } = await exchange.body();
  if (pluginsOf(exchange.state).has(name)) throw new EngineRefusal(409, `plugin "${name}" already exists`);
  add(exchange.state, name, "", length);
  exchange.empty(204);
}

function enable(exchange: Exchange): void {
  const plugin = named(exchange);
  if (plugin.enabled) throw new EngineRefusal(409, `already enabled: plugin ${plugin.name} is enabled`);
  plugin.enabled = true;
  exchange.empty(200);
}

function disable(exchange: Exchange): void {
  const plugin = named(exchange);
  if (!plugin.enabled) throw new EngineRefusal(409, `already disabled: plugin ${plugin.name} is disabled`);
  plugin.enabled = false;
  exchange.empty(200);
}

async function set(exchange: Exchange): Promise<void> {
  const plugin = named(exchange);
  plugin.env = JSON.parse((await exchange.body()).toString()) as string[];
  exchange.empty(204);
}

function push(exchange: Exchange): void {
  const { name } = named(exchange);
  exchange.stream("application/json").end(`${JSON.stringify({ status: `Pushed ${name}` })}\r\n`);
}

function remove(exchange: Exchange): void {
  const plugin = named(exchange);
  if (plugin.enabled && !exchange.flag("force"))
    throw new EngineRefusal(
      409,
      `plugin ${plugin.name} is enabled - disable plugin before removing or use force`,
    );
  pluginsOf(exchange.state).delete(plugin.name);
  exchange.json(200, view(plugin));
}

/** Plugins. */
// prettier-ignore
export const pluginRoutes: readonly Route[] = [
  { method: "get",    path: "/plugins",               handle: list },
  { method: "get",    path: "/plugins/privileges",    handle: privileges },
  { method: "get",    path: "/plugins/*name/json",    handle: (x) => x.json(200, view(named(x))) },
  { method: "post",   path: "/plugins/pull",          handle: pull },
  { method: "post",   path: "/plugins/create",        handle: create },
  { method: "post",   path: "/plugins/*name/enable",  handle: enable },
  { method: "post",   path: "/plugins/*name/disable", handle: disable },
  { method: "post",   path: "/plugins/*name/set",     handle: set },
  { method: "post",   path: "/plugins/*name/upgrade", handle: upgrade },
  { method: "post",   path: "/plugins/*name/push",    handle: push },
  { method: "delete", path: "/plugins/*name",         handle: remove },
];
