import { cpusFromNano } from "./resources.ts";
import { EMPTY_REQUEST } from "./empty-request.ts";
import { readExpressionSources } from "./expression-sources.ts";
import type { Dependency, PlacementRequest, PortBinding } from "./types.ts";
import {
  asObject,
  InvalidRequestError,
  integerField,
  objectField,
  stringField,
  stringListField,
  stringMapField,
} from "./wire.ts";
import type { JsonObject } from "./wire.ts";

/** Settings that change how a create body is read (spec: cli.md §5.5). */
export interface CreateOptions {
  /** `MemoryReservation` counts where no `Memory` limit is set (B8). */
  readonly countMemoryReservation: boolean;
  /** A malformed `com.docker.swarm.*` label is an error (B10). */
  readonly strictLabels: boolean;
}

/** What to do with the container when its engine fails; `""` means nothing was said. */
export type ReschedulePolicy = "" | "off" | "on-node-failure";

/** A create body, read. */
export interface ParsedCreate<B> {
  readonly request: PlacementRequest;
  /**
   * The body to forward: expressions moved from `Env` to `Labels`, legacy top-level resources moved into `HostConfig`; everything
   * else shared with the body given. `HostConfig.CpuShares` is still a number of CPUs: see `engineCpuShares`.
   */
  readonly body: B;
  readonly reschedulePolicy: ReschedulePolicy;
  /** For the `Warnings` of the answer. */
  readonly warnings: readonly string[];
}

/**
 * Reads `POST /containers/create` as far as placement needs it (spec: scheduling.md §3). The body may hold anything a client sends.
 * @throws InvalidRequestError 400 for a mistyped field, 500 for a bad reschedule policy
 */
export function parseCreate<B extends object>(
  name: string,
  given: B,
  options: CreateOptions,
): ParsedCreate<B> {
  const wire = asObject(given, "", "runconfig.ContainerConfigWrapper") ?? {};
  const labels = stringMapField(wire, "Labels");
  const sources = readExpressionSources(labels, stringListField(wire, "Env"), options.strictLabels);
  const body = mergeLegacyResources(wire);
  const host = objectField(body, "HostConfig", "container.HostConfig") ?? {};
  const hostNetwork = stringField(host, "NetworkMode") === "host";
  const exposed = objectField(wire, "ExposedPorts", "nat.PortSet") ?? {};
  const bindings = readPortBindings(host);
  const { affinities, constraints, whitelists } = sources.lists;
  return {
    request: {
      ...EMPTY_REQUEST,
      name: name.startsWith("/") ? name.slice(1) : name,
      affinities,
      constraints,
      whitelists,
      hostNetwork,
      portBindings: hostNetwork ? [] : bindings,
      exposedPorts: Object.keys(exposed),
      dependencies: readDependencies(host),
      memoryBytes: readMemory(host, options.countMemoryReservation),
      cpus: integerField(host, "CpuShares") || cpusFromNano(integerField(host, "NanoCpus")),
    },
    body: {
      ...body,
      ...(sources.env.length === countOf(wire.Env) ? {} : { Env: sources.env }),
      ...(Object.keys(sources.labels).length > 0 ? { Labels: sources.labels } : {}),
    } as unknown as B,
    reschedulePolicy: readReschedulePolicy(sources.lists.reschedulePolicies),
    warnings: sources.warnings,
  };
}

const countOf = (list: unknown): number => (Array.isArray(list) ? list.length : 0);

/** The top-level resource fields of old clients and where they belong; they win when they say anything. */
const LEGACY = {
  Memory: "Memory",
  MemorySwap: "MemorySwap",
  CpuShares: "CpuShares",
  Cpuset: "CpusetCpus",
} as const;

function mergeLegacyResources(wire: JsonObject): JsonObject {
  const { Memory: _memory, MemorySwap: _swap, CpuShares: _shares, Cpuset: _set, ...rest } = wire;
  const moved: Record<string, unknown> = {};
  for (const field of ["Memory", "MemorySwap", "CpuShares"] as const) {
    const value = integerField(wire, field);
    if (value !== 0) moved[LEGACY[field]] = value;
  }
  const cpuset = stringField(wire, "Cpuset");
  if (cpuset !== "") moved[LEGACY.Cpuset] = cpuset;
  if (Object.keys(moved).length === 0) return rest;
  return { ...rest, HostConfig: { ...objectField(wire, "HostConfig", "container.HostConfig"), ...moved } };
}

function readMemory(host: JsonObject, countReservation: boolean): number {
  const reservation = integerField(host, "MemoryReservation");
  return integerField(host, "Memory") || (countReservation ? reservation : 0);
}

function readPortBindings(host: JsonObject): readonly PortBinding[] {
  const map = objectField(host, "PortBindings", "nat.PortMap") ?? {};
  return Object.entries(map).flatMap(([containerPort, list]) => {
    if (list === null) return [];
    if (!Array.isArray(list)) {
      throw new InvalidRequestError(
        400,
        `json: cannot unmarshal ${typeof list} into Go struct field PortBindings of type []nat.PortBinding`,
      );
    }
    return list.map((entry: unknown) => {
      const binding = asObject(entry, "PortBindings", "nat.PortBinding") ?? {};
      return {
        containerPort,
        hostIp: stringField(binding, "HostIp"),
        hostPort: stringField(binding, "HostPort"),
      };
    });
  });
}

/** In the order the contract lists them; `pid` and `ipc` follow (B5). */
function readDependencies(host: JsonObject): readonly Dependency[] {
  const beforeColon = (text: string): string => text.split(":", 1)[0] ?? "";
  const joined = (kind: Dependency["kind"], raw: string): Dependency[] =>
    raw.startsWith(CONTAINER_MODE) ? [{ kind, raw, reference: raw.slice(CONTAINER_MODE.length) }] : [];
  return [
    ...stringListField(host, "VolumesFrom").map((raw): Dependency => ({
      kind: "volumes-from",
      raw,
      reference: beforeColon(raw),
    })),
    ...stringListField(host, "Links").map((raw): Dependency => ({
      kind: "link",
      raw,
      reference: beforeColon(raw),
    })),
    ...joined("net", stringField(host, "NetworkMode")),
    ...joined("pid", stringField(host, "PidMode")),
    ...joined("ipc", stringField(host, "IpcMode")),
  ];
}

const CONTAINER_MODE = "container:";

function readReschedulePolicy(policies: readonly string[]): ReschedulePolicy {
  if (policies.length > 1) throw new InvalidRequestError(500, "too many reschedule policies");
  const policy = policies[0];
  if (policy === undefined) return "";
  if (policy === "off" || policy === "on-node-failure") return policy;
  throw new InvalidRequestError(500, `invalid reschedule policy: ${policy}`);
}
