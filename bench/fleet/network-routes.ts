import { rfc3339 } from "./clock.ts";
import { EngineRefusal, textOf, type Exchange } from "./exchange.ts";
import { randomId } from "./ids.ts";
import type { Route } from "./router.ts";
import type { EngineState } from "./state.ts";
import type { SimNetwork } from "./types.ts";

const PREDEFINED: ReadonlySet<string> = new Set(["bridge", "host", "none"]);

function view(state: EngineState, network: SimNetwork, withContainers: boolean): object {
  const containers = [...state.containers.values()].flatMap(({ id, name, endpoints }) => {
    const endpoint = endpoints.find((each) => each.network === network.name && each.id !== "");
    return endpoint
      ? [
          [
            id,
            {
              Name: name,
              EndpointID: endpoint.id,
              MacAddress: "",
              IPv4Address: `${endpoint.ip}/16`,
              IPv6Address: "",
            },
          ] as const,
        ]
      : [];
  });
  return {
    ...{ Name: network.name, Id: network.id, Created: rfc3339(network.createdMs), Scope: network.scope },
    ...{ Driver: network.driver, EnableIPv6: false, IPAM: network.ipam, Internal: network.internal },
    ...{ Attachable: network.attachable, Ingress: false, ConfigFrom: { Network: "" }, ConfigOnly: false },
    ...{
      Containers: withContainers ? Object.fromEntries(containers) : {},
      Options: network.options,
      Labels: network.labels,
    },
  };
}

function networkEvent(
  state: EngineState,
  { id, name, driver }: SimNetwork,
  action: string,
  container?: string,
): void {
  const attributes = { name, type: driver, ...(container !== undefined && { container }) };
  state.events.record({ type: "network", action, id, attributes });
}

function list(exchange: Exchange): void {
  const filters = exchange.filters(["dangling", "driver", "id", "label", "name", "scope", "type"]);
  const passes = ({ id, name, driver, scope, labels }: SimNetwork): boolean =>
    [...filters].every(([key, values]) =>
      values.some((value) => {
        const [label = "", ...rest] = value.split("=");
        if (key === "id") return id.startsWith(value);
        if (key === "name") return name.includes(value);
        if (key === "driver") return driver === value;
        if (key === "scope") return scope === value;
        if (key === "type") return (value === "builtin") === PREDEFINED.has(name);
        if (key === "label")
          return label in labels && (rest.length === 0 || labels[label] === rest.join("="));
        return true;
      }),
    );
  const { state } = exchange;
  exchange.json(
    200,
    [...state.networks.values()].filter(passes).map((network) => view(state, network, false)),
  );
}

async function create(exchange: Exchange): Promise<void> {
  const { state } = exchange;
  const body = await exchange.jsonBody();
  const name = textOf(body.Name);
  const driver = textOf(body.Driver) || "bridge";
  const isTaken = [...state.networks.values()].some((network) => network.name === name);
  if (isTaken && (body.CheckDuplicate === true || exchange.apiMinor >= 44)) {
    throw new EngineRefusal(409, `network with name ${name} already exists`);
  }
  if (driver === "overlay") {
    const hint =
      'Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
    throw new EngineRefusal(503, `This node is not a swarm manager. ${hint}`);
  }
  if (!["bridge", "host", "ipvlan", "macvlan", "null"].includes(driver)) {
    throw new EngineRefusal(404, `plugin "${driver}" not found`);
  }
  const network: SimNetwork = {
    ...{ id: randomId(), name, driver, scope: "local", createdMs: state.clock.now() },
    ...{ internal: body.Internal === true, attachable: body.Attachable === true },
    labels: (body.Labels as Record<string, string> | null | undefined) ?? {},
    options: (body.Options as Record<string, string> | null | undefined) ?? {},
    ipam: body.IPAM ?? {
      Driver: "default",
      Options: {},
      Config: [{ Subnet: "172.18.0.0/16", Gateway: "172.18.0.1" }],
    },
  };
  state.networks.set(network.id, network);
  networkEvent(state, network, "create");
  exchange.json(201, { Id: network.id, Warning: "" });
}

async function connect(exchange: Exchange): Promise<void> {
  const { state } = exchange;
  const network = state.network(exchange.param("id"));
  const body = await exchange.jsonBody();
  const container = state.container(textOf(body.Container));
  if (container.endpoints.some((endpoint) => endpoint.network === network.name)) {
    throw new EngineRefusal(
      403,
      `endpoint with name ${container.name} already exists in network ${network.name}`,
    );
  }
  const isUp = container.status === "running" || container.status === "paused";
  const settings = body.EndpointConfig as { Aliases?: string[] | null } | null | undefined;
  container.endpoints = [
    ...container.endpoints,
    {
      ...{ network: network.name, aliases: settings?.Aliases ?? null, id: isUp ? randomId() : "" },
      ip: isUp ? `172.18.${(container.pid >> 8) & 255}.${container.pid & 255}` : "",
    },
  ];
  if (isUp) networkEvent(state, network, "connect", container.id);
  exchange.empty(200);
}

async function disconnect(exchange: Exchange): Promise<void> {
  const { state } = exchange;
  const network = state.network(exchange.param("id"));
  const container = state.container(textOf((await exchange.jsonBody()).Container));
  const rest = container.endpoints.filter((endpoint) => endpoint.network !== network.name);
  if (rest.length === container.endpoints.length) {
    throw new EngineRefusal(500, `container ${container.id} is not connected to network ${network.name}`);
  }
  container.endpoints = rest;
  networkEvent(state, network, "disconnect", container.id);
  exchange.empty(200);
}

function remove(exchange: Exchange): void {
  const { state } = exchange;
  const network = state.network(exchange.param("id"));
  if (PREDEFINED.has(network.name)) {
    throw new EngineRefusal(403, `${network.name} is a pre-defined network and cannot be removed`);
  }
  const inUse = [...state.containers.values()].some(({ endpoints }) =>
    endpoints.some((endpoint) => endpoint.network === network.name && endpoint.id !== ""),
  );
  if (inUse) {
    throw new EngineRefusal(
      403,
      `error while removing network: network ${network.name} id ${network.id} has active endpoints`,
    );
  }
  state.networks.delete(network.id);
  networkEvent(state, network, "destroy");
  exchange.empty(204);
}

function prune(exchange: Exchange): void {
  const { state } = exchange;
  exchange.filters(["label", "label!", "until"]);
  const used = new Set(
    [...state.containers.values()].flatMap(({ endpoints }) => endpoints.map(({ network }) => network)),
  );
  const unused = [...state.networks.values()].filter(({ name }) => !PREDEFINED.has(name) && !used.has(name));
  for (const { id } of unused) state.networks.delete(id);
  state.events.record({ type: "network", action: "prune", id: "", attributes: { reclaimed: "0" } });
  exchange.json(200, { NetworksDeleted: unused.length === 0 ? null : unused.map(({ name }) => name) });
}

// prettier-ignore
export const networkRoutes: readonly Route[] = [
  { method: "get",    path: "/networks",                handle: list },
  { method: "post",   path: "/networks/create",         handle: create },
  { method: "post",   path: "/networks/prune",          handle: prune },
  { method: "get",    path: "/networks/:id",            handle: (exchange) => exchange.json(200, view(exchange.state, exchange.state.network(exchange.param("id")), true)) },
  { method: "post",   path: "/networks/:id/connect",    handle: connect },
  { method: "post",   path: "/networks/:id/disconnect", handle: disconnect },
  { method: "delete", path: "/networks/:id",            handle: remove },
];
