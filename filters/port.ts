import { clip } from "../src/scheduler/clip.ts";
import type { Candidate, Check, Filter, PortBinding } from "../src/scheduler/types.ts";
import { addressesOverlap, parsePortRange, portTextOf, protocolOf, rangeSize } from "./port-range.ts";
import type { PortRange } from "./port-range.ts";
import { rangeIsExhausted } from "./port-range-use.ts";

/** Why a candidate is refused: built only for candidates that are. */
interface Clash {
  readonly port: string;
  readonly holder: string;
}

/** Keeps engines where every requested host port is free (spec: scheduling.md §6.1, B4). */
export const portFilter: Filter = {
  name: "port",
  prepare({ hostNetwork, exposedPorts, portBindings }, { rules }) {
    if (hostNetwork) {
      if (exposedPorts.length === 0) return undefined;
      return toCheck(
        exposedPorts.map((key) => `port ${key} (Host mode)`),
        hostModeClash(exposedPorts, rules.modern),
      );
    }
    if (portBindings.length === 0) return undefined;
    return toCheck(
      portBindings.map(({ hostPort }) => `port ${hostPort} (Bridge mode)`),
      bridgeClash(portBindings, rules.modern),
    );
  },
};

type FindClash = (candidate: Candidate) => Clash | undefined;

const toCheck = (conditions: readonly string[], find: FindClash): Check => ({
  conditions,
  admits: (candidate) => find(candidate) === undefined,
  explain: (candidate) => {
    const clash = find(candidate);
    return clash === undefined ? "" : `port ${clip(clash.port)} is held by ${clip(clash.holder)}`;
  },
});

/** Host mode: the same key on another host-mode container; modern rules also see reservations and published ports. */
function hostModeClash(exposedPorts: readonly string[], modern: boolean): FindClash {
  const keys = new Set(exposedPorts);
  const normal = new Map(exposedPorts.map((key) => [socketOf(key), key]));
  return (candidate) => {
    for (const { key, pending, holder } of candidate.hostModePorts) {
      if (keys.has(key) && (modern || !pending)) return { port: key, holder };
    }
    if (!modern) return undefined;
    for (const { hostPort, containerPort, holder } of candidate.usedPorts) {
      const port = normal.get(`${hostPort}/${protocolOf(containerPort)}`);
      if (port !== undefined) return { port, holder };
    }
    return undefined;
  };
}

const socketOf = (key: string): string => `${portTextOf(key)}/${protocolOf(key)}`;

function bridgeClash(bindings: readonly PortBinding[], modern: boolean): FindClash {
  const wanted = bindings.filter(({ hostPort }) => hostPort !== "");
  const singles = wanted.filter((binding) => realRange(binding) === undefined);
  const ranges = wanted.flatMap((binding) => {
    const range = realRange(binding);
    return range === undefined ? [] : [{ binding, range }];
  });
  const sameRange = (a: PortBinding, b: PortBinding): boolean =>
    a.hostPort === b.hostPort &&
    addressesOverlap(a.hostIp, b.hostIp) &&
    (!modern || protocolOf(a.containerPort) === protocolOf(b.containerPort));
  const needs = ranges.map(({ binding, range }) => ({
    binding,
    range,
    ports: ranges.filter((other) => sameRange(binding, other.binding)).length,
  }));
  return (candidate) => {
    for (const binding of singles) {
      const holder = holderOf(candidate, binding, modern);
      if (holder !== undefined) return { port: binding.hostPort, holder };
    }
    const full = needs.find(({ binding, range, ports }) =>
      rangeIsExhausted(candidate, binding, range, ports, modern),
    );
    return full === undefined
      ? undefined
      : { port: full.binding.hostPort, holder: "others, to the last one" };
  };
}

/** A range of more than one port; a single one is compared as text. */
function realRange({ hostPort }: PortBinding): PortRange | undefined {
  const range = hostPort.includes("-") ? parsePortRange(hostPort) : undefined;
  return range !== undefined && rangeSize(range) > 1 ? range : undefined;
}

function holderOf(candidate: Candidate, wanted: PortBinding, modern: boolean): string | undefined {
  for (const used of candidate.usedPorts) {
    if (used.hostPort !== wanted.hostPort || !addressesOverlap(used.hostIp, wanted.hostIp)) continue;
    if (!modern || protocolOf(used.containerPort) === protocolOf(wanted.containerPort)) return used.holder;
  }
  if (!modern) return undefined;
  const socket = `${wanted.hostPort}/${protocolOf(wanted.containerPort)}`;
  for (const { key, holder } of candidate.hostModePorts) if (socketOf(key) === socket) return holder;
  return undefined;
}
