import { clip } from "../src/scheduler/clip.ts";
import { allOf } from "../src/scheduler/terms.ts";
import type { Candidate, Check, Dimension, Filter, PortBinding, Term } from "../src/scheduler/types.ts";
import { literalPattern } from "./pattern.ts";
import {
  addressesOverlap,
  isWildcard,
  parsePortRange,
  portTextOf,
  protocolOf,
  rangeSize,
} from "./port-range.ts";
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
  prepare({ hostNetwork, exposedPorts, portBindings }, { rules: { modern } }) {
    if (hostNetwork) {
      if (exposedPorts.length === 0) return undefined;
      return {
        conditions: exposedPorts.map((key) => `port ${key} (Host mode)`),
        ...allOf(exposedPorts.map((key) => hostModeTerm(key, modern))),
        explain: explainClash(hostModeClash(exposedPorts, modern)),
      };
    }
    if (portBindings.length === 0) return undefined;
    return {
      conditions: portBindings.map(({ hostPort }) => `port ${hostPort} (Bridge mode)`),
      ...allOf(bridgeTerms(portBindings, modern)),
      explain: explainClash(bridgeClash(portBindings, modern)),
    };
  },
};

type FindClash = (candidate: Candidate) => Clash | undefined;

const explainClash =
  (find: FindClash): Check["explain"] =>
  (candidate) => {
    const clash = find(candidate);
    return clash === undefined ? "" : `port ${clip(clash.port)} is held by ${clip(clash.holder)}`;
  };

const HOST_PORTS: Dimension<"usedPorts"> = {
  name: "host port",
  of: "usedPorts",
  someText: ({ hostPort }, _, test) => test(hostPort),
};
const HOST_SOCKETS: Dimension<"usedPorts"> = {
  name: "host socket",
  of: "usedPorts",
  someText: (port, _, test) => test(hostSocketOf(port)),
};
const HOST_MODE_KEYS: Dimension<"hostModePorts"> = {
  name: "host mode key",
  of: "hostModePorts",
  someText: ({ key }, _, test) => test(key),
};
/** Without those of reservations. */
const RUNNING_KEYS: Dimension<"hostModePorts"> = {
  name: "host mode key, not pending",
  of: "hostModePorts",
  someText: ({ key, pending }, _, test) => !pending && test(key),
};
const HOST_MODE_SOCKETS: Dimension<"hostModePorts"> = {
  name: "host mode socket",
  of: "hostModePorts",
  someText: ({ key }, _, test) => test(socketOf(key)),
};

function hostModeTerm(key: string, modern: boolean): Term {
  const find = hostModeClash([key], modern);
  const others = modern ? [{ in: HOST_SOCKETS, text: socketOf(key) }] : [];
  return {
    key: `${modern ? "modern " : ""}host mode ${key}`,
    reads: ["containers"],
    admits: (candidate) => find(candidate) === undefined,
    shortcut: modern
      ? { kind: "look", elsewhere: true, places: [{ in: HOST_MODE_KEYS, text: key }, ...others] }
      : { kind: "texts", dimension: RUNNING_KEYS, pattern: literalPattern(key), wanted: false },
  };
}

/** Host mode: the same key on another host-mode container; modern rules also see reservations and published ports. */
function hostModeClash(exposedPorts: readonly string[], modern: boolean): FindClash {
  const keys = new Set(exposedPorts);
  const normal = new Map(exposedPorts.map((key) => [socketOf(key), key]));
  return (candidate) => {
    for (const { key, pending, holder } of candidate.hostModePorts) {
      if (keys.has(key) && (modern || !pending)) return { port: key, holder };
    }
    if (!modern) return undefined;
    for (const used of candidate.usedPorts) {
      const port = normal.get(hostSocketOf(used));
      if (port !== undefined) return { port, holder: used.holder };
    }
    return undefined;
  };
}

const socketOf = (key: string): string => `${portTextOf(key)}/${protocolOf(key)}`;

/** The host's side of a binding, as {@link socketOf} writes it. */
const hostSocketOf = ({ hostPort, containerPort }: PortBinding): string =>
  `${hostPort}/${protocolOf(containerPort)}`;

/** Each single port is a question of its own; ranges may share their ports and are one. */
function bridgeTerms(bindings: readonly PortBinding[], modern: boolean): readonly Term[] {
  const { singles, needs } = wantedOf(bindings, modern);
  const terms = singles.map((binding) => singleTerm(binding, modern));
  if (needs.length === 0) return terms;
  const ranges: Term = {
    key: `${modern ? "modern " : ""}ranges ${JSON.stringify(needs)}`,
    reads: ["containers"],
    admits: (candidate) => fullRange(candidate, needs, modern) === undefined,
  };
  return [...terms, ranges];
}

function singleTerm(binding: PortBinding, modern: boolean): Term {
  const { hostIp, hostPort, containerPort } = binding;
  const others = modern ? [{ in: HOST_MODE_SOCKETS, text: hostSocketOf(binding) }] : [];
  return {
    key: `${modern ? `modern ${protocolOf(containerPort)} ` : ""}port ${hostIp} ${hostPort}`,
    reads: ["containers"],
    admits: (candidate) => holderOf(candidate, binding, modern) === undefined,
    shortcut:
      !modern && isWildcard(hostIp)
        ? { kind: "texts", dimension: HOST_PORTS, pattern: literalPattern(hostPort), wanted: false }
        : { kind: "look", elsewhere: true, places: [{ in: HOST_PORTS, text: hostPort }, ...others] },
  };
}

function bridgeClash(bindings: readonly PortBinding[], modern: boolean): FindClash {
  const { singles, needs } = wantedOf(bindings, modern);
  return (candidate) => {
    for (const binding of singles) {
      const holder = holderOf(candidate, binding, modern);
      if (holder !== undefined) return { port: binding.hostPort, holder };
    }
    const full = fullRange(candidate, needs, modern);
    return full === undefined
      ? undefined
      : { port: full.binding.hostPort, holder: "others, to the last one" };
  };
}

/** A range, and how many of its ports the request needs. */
interface RangeNeed {
  readonly binding: PortBinding;
  readonly range: PortRange;
  readonly ports: number;
}

const fullRange = (
  candidate: Candidate,
  needs: readonly RangeNeed[],
  modern: boolean,
): RangeNeed | undefined =>
  needs.find(({ binding, range, ports }) => rangeIsExhausted(candidate, binding, range, ports, modern));

function wantedOf(
  bindings: readonly PortBinding[],
  modern: boolean,
): { readonly singles: readonly PortBinding[]; readonly needs: readonly RangeNeed[] } {
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
  return { singles, needs };
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
  const socket = hostSocketOf(wanted);
  for (const { key, holder } of candidate.hostModePorts) if (socketOf(key) === socket) return holder;
  return undefined;
}
