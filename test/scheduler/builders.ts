import { FILTERS, filtersByName } from "../../filters/index.ts";
import { EMPTY_REQUEST } from "../../src/scheduler/empty-request.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import type {
  Candidate,
  CandidateContainer,
  CandidateImage,
  HostModePort,
  PlacementRequest,
  PlacementResult,
  UsedPort,
} from "../../src/scheduler/types.ts";
import { strategyByName } from "../../strategies/index.ts";

export const MiB = 2 ** 20;
export const GiB = 2 ** 30;

/** A candidate whose fields may change, as an engine's do between requests. */
export type FakeCandidate = { -readonly [K in keyof Candidate]: Candidate[K] };

export interface CandidateParts {
  readonly name?: string;
  readonly id?: string;
  readonly engineId?: string;
  readonly addr?: string;
  readonly availability?: Candidate["availability"];
  readonly labels?: Readonly<Record<string, string>>;
  readonly health?: number;
  /** How many containers there are beyond `containers`. */
  readonly others?: number;
  readonly containers?: readonly CandidateContainer[];
  readonly images?: readonly CandidateImage[];
  readonly usedPorts?: readonly UsedPort[];
  readonly hostModePorts?: readonly HostModePort[];
  readonly memory?: number;
  readonly cpus?: number;
  readonly usedMemory?: number;
  readonly usedCpus?: number;
}

/** A healthy engine of 4 GiB and 4 CPUs; a case names only what matters. */
export function candidate(parts: CandidateParts = {}): FakeCandidate {
  const name = parts.name ?? "n1";
  const engineId = parts.engineId ?? `ID-${name}`;
  const containers = parts.containers ?? [];
  return {
    id: parts.id ?? engineId,
    engineId,
    addr: parts.addr ?? `${name}:2375`,
    name,
    availability: parts.availability ?? "active",
    labels: new Map(Object.entries(parts.labels ?? {})),
    healthIndicator: parts.health ?? 100,
    containerCount: containers.length + (parts.others ?? 0),
    containers,
    images: parts.images ?? [],
    usedPorts: parts.usedPorts ?? [],
    hostModePorts: parts.hostModePorts ?? [],
    totalMemoryBytes: parts.memory ?? 4 * GiB,
    totalCpus: parts.cpus ?? 4,
    usedMemoryBytes: parts.usedMemory ?? 0,
    usedCpus: parts.usedCpus ?? 0,
    hasContainer: (reference) => resolves(reference, name, engineId, containers),
  };
}

/** The rules of api.md §3.1 on one engine. */
function resolves(
  reference: string,
  node: string,
  engineId: string,
  containers: readonly CandidateContainer[],
): boolean {
  if (reference === "") return false;
  if (containers.some(({ id }) => id !== "" && (id === reference || id.slice(0, 12) === reference)))
    return true;
  if (
    containers.some(
      ({ swarmId }) => swarmId !== "" && (swarmId === reference || swarmId.slice(0, 12) === reference),
    )
  ) {
    return true;
  }
  const named = containers.filter(({ names }) =>
    names.some((name) => [name, `/${name}`, `${node}/${name}`, `${engineId}/${name}`].includes(reference)),
  );
  if (named.length > 0) return named.length === 1;
  const hits = containers.flatMap(({ id, swarmId }) =>
    [id, swarmId].filter((text) => text.startsWith(reference)),
  );
  return hits.length === 1;
}

/** `container("web", { id: "a" })`: the id is padded to 64 hex by repetition. */
export function container(
  name: string,
  parts: {
    id?: string;
    swarmId?: string;
    labels?: Record<string, string>;
    aliases?: string[];
    pending?: boolean;
  } = {},
): CandidateContainer {
  const swarmId = parts.swarmId ?? "";
  const labels = swarmId === "" ? parts.labels : { ...parts.labels, "com.docker.swarm.id": swarmId };
  return {
    id: parts.pending === true ? "" : (parts.id ?? "f").repeat(64).slice(0, 64),
    swarmId,
    names: name === "" ? [] : [name, ...(parts.aliases ?? [])],
    labels: labels ?? {},
    pending: parts.pending ?? false,
  };
}

export const image = (digit: string, repoTags: string[], repoDigests: string[] = []): CandidateImage => ({
  id: `sha256:${digit.repeat(64)}`,
  repoTags,
  repoDigests,
});

/** `used("80/tcp", "0.0.0.0:80")`: container port, then what the host gives. */
export function used(containerPort: string, host: string, holder = "web"): UsedPort {
  const colon = host.lastIndexOf(":");
  return { containerPort, hostIp: host.slice(0, colon), hostPort: host.slice(colon + 1), holder };
}

export const request = (parts: Partial<PlacementRequest> = {}): PlacementRequest => ({
  ...EMPTY_REQUEST,
  ...parts,
});

export interface SchedulerParts {
  readonly strategy?: string;
  readonly filters?: readonly string[];
  readonly modern?: boolean;
  readonly random?: () => number;
}

/** Spread, all filters, classic rules. */
export const scheduler = (parts: SchedulerParts = {}): Scheduler =>
  new Scheduler({
    filters: parts.filters === undefined ? FILTERS : filtersByName(parts.filters),
    strategy: strategyByName(parts.strategy ?? "spread"),
    rules: { modern: parts.modern ?? false },
    random: parts.random ?? (() => 0),
  });

/** The outcome in one text: `n2 n3`, best first, or the error. */
export const outcome = (result: PlacementResult): string =>
  result.kind === "placed" ? result.ranked.map(({ name }) => name).join(" ") : result.refusal.message;

/** The contract's frame around these lines. */
export const frame = (...lines: readonly string[]): string =>
  ["Unable to find a node that satisfies the following conditions ", ...lines].join("\n");

export const SLOTS = "[available container slots]";
export const NO_RESOURCES = "no resources available to schedule container";

/** Fixture F1 of scheduling.md §10. */
export const fixtureF1 = (): readonly FakeCandidate[] => [
  candidate({
    name: "n1",
    labels: { storage: "ssd", region: "us-east", foo: "bar", kernelversion: "5.10.0" },
    containers: [
      container("web", { id: "a", swarmId: "s1".repeat(32), labels: { role: "front", "com.x": "1" } }),
    ],
    images: [image("1", ["busybox:latest", "reg.io:5000/app/api:2.1"])],
  }),
  candidate({
    name: "n2",
    labels: { storage: "disk", region: "us-west" },
    containers: [container("db", { id: "b", labels: { role: "back" } }), container("db2", { id: "c" })],
    images: [image("2", ["redis:6"]), image("1", ["busybox:latest"])],
  }),
  candidate({ name: "n3", labels: { region: "eu-west", ostype: "windows" } }),
];
