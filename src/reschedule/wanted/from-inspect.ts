import { REPLACES_LABEL, RESCHEDULED_FROM_LABEL, SWARM_ID_LABEL } from "../../cluster/container-record.ts";
import type { ContainerCreateBody, ContainerInspect, HostConfig, Unknown } from "../../docker/types.ts";
import { cpusOf } from "../../scheduler/resources.ts";
import { endpointsOf, isUserDefined } from "./endpoints.ts";
import { asRecord } from "./shape.ts";
import type { WantedCreate } from "./wanted.ts";

/** What we need to know of the container's engine. */
export interface HomeEngine {
  readonly cpus: number;
  /** Its host name. */
  readonly name: string;
}

/** A volume nobody named: the engine called it by 64 hex digits. */
const ANONYMOUS = /^[0-9a-f]{64}$/;

/**
 * How to make a container anew that was not created through us: by an engine's own client, by the original, or with a body too large to be kept. All
 * that only belonged to this copy of it is left out: the host name and alias made of its ID, MAC addresses, the names of its anonymous volumes.
 * An image's own settings are part of an inspect answer; setting them again changes nothing.
 */
export function createFromInspect(inspect: ContainerInspect, engine: HomeEngine): WantedCreate {
  const { Config, HostConfig: host, Name } = inspect;
  const { Hostname, MacAddress: _mac, Volumes, Labels, ...config } = Config;
  const anonymous = anonymousDestinations(host);
  const volumes = { ...asRecord(Volumes), ...Object.fromEntries(anonymous.map((path) => [path, {}])) };
  const mode = host.NetworkMode ?? "";
  const endpoint = isUserDefined(mode) ? endpointsOf(inspect)[mode] : undefined;
  const name = Name.replace(/^\//, "");
  const body: ContainerCreateBody = {
    ...config,
    ...(keepsHostname(Hostname, mode, inspect.Id, engine.name) ? { Hostname } : {}),
    Labels: withoutOwnLabels(Labels ?? {}),
    ...(Object.keys(volumes).length > 0 ? { Volumes: volumes } : {}),
    HostConfig: hostConfig(host, engine.cpus),
    ...(endpoint === undefined ? {} : { NetworkingConfig: { EndpointsConfig: { [mode]: endpoint } } }),
  };
  return { body, query: name === "" ? "" : `name=${encodeURIComponent(name)}`, apiVersion: undefined };
}

/** Labels only we set: they say what one copy of a container is. */
export function withoutOwnLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const { [SWARM_ID_LABEL]: _id, [REPLACES_LABEL]: _old, [RESCHEDULED_FROM_LABEL]: _from, ...rest } = labels;
  return rest;
}

function keepsHostname(hostname: unknown, mode: string, id: string, engineName: string): boolean {
  if (typeof hostname !== "string" || hostname === "" || hostname === id.slice(0, 12)) return false;
  // With the network of the host, or of another container, the name is theirs.
  return !mode.startsWith("container:") && !(mode === "host" && hostname === engineName);
}

function hostConfig(host: HostConfig, engineCpus: number): HostConfig {
  const { CpuShares, Binds, Mounts, Links, ContainerIDFile: _file, ConsoleSize: _size, ...rest } = host;
  const cpus = cpusOf({ cpuShares: typeof CpuShares === "number" ? CpuShares : 0, nanoCpus: 0 }, engineCpus);
  const binds = (Binds ?? []).filter((bind) => !ANONYMOUS.test(volumeOf(bind)));
  return {
    ...rest,
    ...(cpus > 0 ? { CpuShares: cpus } : {}),
    ...(binds.length > 0 ? { Binds: binds } : {}),
    ...(Array.isArray(Mounts) && Mounts.length > 0 ? { Mounts: Mounts.map(withoutAnonymousName) } : {}),
    ...(Array.isArray(Links) && Links.length > 0 ? { Links: Links.map(linkAsGiven) } : {}),
  };
}

/** `name:/path[:options]` */
const volumeOf = (bind: string): string => bind.split(":", 1)[0] ?? "";

/** Where older Compose carried a container's anonymous volumes over, binding them by name. */
const anonymousDestinations = ({ Binds }: HostConfig): readonly string[] =>
  (Binds ?? []).filter((bind) => ANONYMOUS.test(volumeOf(bind))).map((bind) => bind.split(":")[1] ?? "");

function withoutAnonymousName(mount: unknown): unknown {
  const given: Unknown | undefined = asRecord(mount);
  if (given?.Type !== "volume" || !ANONYMOUS.test(String(given.Source))) return mount;
  const { Source: _source, ...rest } = given;
  return rest;
}

/** An engine shows `/redis:/web/alias` where it was given `redis:alias`. */
function linkAsGiven(link: string): string {
  const [target = "", alias = ""] = link.split(":");
  return `${target.replace(/^\//, "")}:${alias.split("/").at(-1) ?? ""}`;
}
