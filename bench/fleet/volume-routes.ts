import { createVolume } from "./create.ts";
import { EngineRefusal, textOf, type Exchange } from "./exchange.ts";
import { randomId } from "./ids.ts";
import type { Route } from "./router.ts";
import type { EngineState } from "./state.ts";
import type { SimVolume } from "./types.ts";

function view({ name, driver, createdMs, labels, options }: SimVolume): object {
  return {
    ...{
      CreatedAt: new Date(createdMs).toISOString().replace(/\.\d+Z$/, "Z"),
      Driver: driver,
      Labels: labels,
    },
    ...{ Mountpoint: `/var/lib/docker/volumes/${name}/_data`, Name: name, Options: options, Scope: "local" },
  };
}

function usersOf(state: EngineState, name: string): string[] {
  return [...state.containers.values()]
    .filter(({ mounts }) => mounts.some(({ Name }) => Name === name))
    .map(({ id }) => id);
}

function list(exchange: Exchange): void {
  const { state } = exchange;
  const filters = exchange.filters(["dangling", "driver", "label", "name"]);
  const passes = ({ name, driver, labels }: SimVolume): boolean =>
    [...filters].every(([key, values]) =>
      values.some((value) => {
        const [label = "", ...rest] = value.split("=");
        if (key === "name") return name.includes(value);
        if (key === "driver") return driver === value;
        if (key === "label")
          return label in (labels ?? {}) && (rest.length === 0 || labels?.[label] === rest.join("="));
        return (value === "true" || value === "1") === (usersOf(state, name).length === 0);
      }),
    );
  const volumes = [...state.volumes.values()].filter(passes);
  exchange.json(200, { Volumes: volumes.length === 0 ? null : volumes.map(view), Warnings: null });
}

async function create(exchange: Exchange): Promise<void> {
  const { state } = exchange;
  const body = await exchange.jsonBody();
  const given = textOf(body.Name);
  const name = given === "" ? randomId() : given;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) {
    throw new EngineRefusal(
      400,
      `create ${name}: "${name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
  }
  createVolume(state, {
    name,
    driver: textOf(body.Driver) || "local",
    labels: (body.Labels as Record<string, string> | null | undefined) ?? null,
    options: (body.DriverOpts as Record<string, string> | null | undefined) ?? null,
  });
  exchange.json(201, view(state.volume(name)));
}

function remove(exchange: Exchange): void {
  const { state } = exchange;
  const reference = exchange.param("name");
  if (!state.volumes.has(reference) && exchange.flag("force")) {
    exchange.empty(204);
    return;
  }
  const { name, driver } = state.volume(reference);
  const users = usersOf(state, name);
  if (users.length > 0)
    throw new EngineRefusal(409, `remove ${name}: volume is in use - [${users.join(", ")}]`);
  state.volumes.delete(name);
  state.events.record({ type: "volume", action: "destroy", id: name, attributes: { driver } });
  exchange.empty(204);
}

function prune(exchange: Exchange): void {
  const { state } = exchange;
  const filters = exchange.filters(["all", "label", "label!"]);
  const named =
    exchange.apiMinor < 42 ||
    (filters.get("all")?.some((value) => value === "true" || value === "1") ?? false);
  const unused = [...state.volumes.keys()].filter(
    (name) => usersOf(state, name).length === 0 && (named || /^[0-9a-f]{64}$/.test(name)),
  );
  for (const name of unused) state.volumes.delete(name);
  state.events.record({ type: "volume", action: "prune", id: "", attributes: { reclaimed: "0" } });
  exchange.json(200, { VolumesDeleted: unused, SpaceReclaimed: 0 });
}

// prettier-ignore
export const volumeRoutes: readonly Route[] = [
  { method: "get",    path: "/volumes",        handle: list },
  { method: "post",   path: "/volumes/create", handle: create },
  { method: "post",   path: "/volumes/prune",  handle: prune },
  { method: "get",    path: "/volumes/:name",  handle: (exchange) => exchange.json(200, view(exchange.state.volume(exchange.param("name")))) },
  { method: "delete", path: "/volumes/:name",  handle: remove },
];
