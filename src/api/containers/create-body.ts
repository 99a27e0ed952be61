import type { IncomingMessage } from "node:http";
import type { ContainerCreateBody, Unknown } from "../../docker/types.ts";
import { badRequest } from "../../errors.ts";
import { objectField, stringField } from "../../scheduler/wire.ts";
import { withProperKeys } from "../go-keys.ts";
import { readJsonObject } from "../json-body.ts";

// prettier-ignore
const TOP_KEYS = ["Image", "Env", "Labels", "ExposedPorts", "HostConfig", "NetworkingConfig", "Memory", "MemorySwap", "CpuShares", "Cpuset"];
// prettier-ignore
const HOST_KEYS = [
  "Memory", "MemoryReservation", "MemorySwap", "CpuShares", "CpusetCpus", "NanoCpus", "NetworkMode", "PidMode", "IpcMode", "PortBindings", "Links",
  "VolumesFrom", "Binds", "AutoRemove",
];
const BINDING_KEYS = ["HostIp", "HostPort"];
/** More than a container can have; each is looked up among all networks of the cluster. */
const MAX_NETWORKS = 1_000;

/**
 * Reads a create body as far as every step of a create relies on it; `parseCreate` reads the rest. What we do not route on may be anything.
 * @throws ApiError 400 or 413, InvalidRequestError 400
 */
export async function readCreateBody(req: IncomingMessage): Promise<ContainerCreateBody> {
  const body = withProperKeys(await readJsonObject(req), TOP_KEYS);
  stringField(body, "Image");
  const host = objectField(body, "HostConfig", "container.HostConfig");
  const networking = objectField(body, "NetworkingConfig", "network.NetworkingConfig");
  return {
    ...body,
    ...(host === undefined ? {} : { HostConfig: properHostConfig(host) }),
    ...(networking === undefined ? {} : { NetworkingConfig: properNetworking(networking) }),
  };
}

function properHostConfig(given: Readonly<Unknown>): Unknown {
  const host = withProperKeys(given, HOST_KEYS);
  const ports = objectField(host, "PortBindings", "nat.PortMap");
  if (ports === undefined) return host;
  const bindings = Object.entries(ports).map(([port, list]) => [
    port,
    Array.isArray(list)
      ? list.map((each: unknown) => (isObject(each) ? withProperKeys(each, BINDING_KEYS) : each))
      : list,
  ]);
  return { ...host, PortBindings: Object.fromEntries(bindings) as unknown };
}

function properNetworking(given: Readonly<Unknown>): Unknown {
  const networking = withProperKeys(given, ["EndpointsConfig"]);
  const endpoints = objectField(networking, "EndpointsConfig", "map[string]*network.EndpointSettings") ?? {};
  if (Object.keys(endpoints).length > MAX_NETWORKS)
    throw badRequest(`too many networks for one container: the limit is ${MAX_NETWORKS}`);
  return networking;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
