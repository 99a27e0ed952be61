import { compareVersions, managerMaxApi, managerMinApi, type ApiRange } from "../docker/api-version.ts";
import type { EngineInfo, EngineVersion, Unknown } from "../docker/types.ts";
import { sameJson } from "./same-json.ts";

/** What an engine says of itself (spec: node-lifecycle.md §2). */
export interface EngineSpecs {
  /** Bare engine ID. */
  readonly engineId: string;
  readonly name: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly serverVersion: string;
  /** Built-in labels first, then the engine's own. */
  readonly labels: ReadonlyMap<string, string>;
  readonly api: ApiRange;
  readonly experimental: boolean;
  /** Can make networks that span engines: it has a cluster store, or is a manager of a swarm of its own. */
  readonly spansNetworks: boolean;
  /** The engine's clock when it answered, Unix milliseconds; ours when it did not say. */
  readonly systemTimeMs: number;
  /** Manager's clock minus the engine's, 0 when they agree within 2 s. */
  readonly clockDeltaMs: number;
  /** Labels that were left out, in the contract's words; for the log. */
  readonly warnings: readonly string[];
}

/** An engine that answers, but must not be used; the text becomes its Error row. */
export class EngineRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** Labels an engine has by its nature; nobody can give it others of these names. */
export const BUILT_IN_LABELS: readonly string[] = [
  "storagedriver",
  "kernelversion",
  "operatingsystem",
  "ostype",
];

/** Another member is this very daemon, or holds its containers: both at once would count them twice. */
export class DuplicateEngineError extends EngineRefusedError {}

/** Clocks that differ by less count as equal. */
const CLOCK_TOLERANCE_MS = 2_000;

/**
 * @param addr `host:port`
 * @param nowMs the manager's clock when the answer came
 * @throws EngineRefusedError when this is not an engine we can use
 */
export function engineSpecs(
  addr: string,
  info: EngineInfo,
  version: EngineVersion,
  nowMs: number,
): EngineSpecs {
  // An engine's answer is input like any other: what is wrong with it becomes its Error row.
  const raw: Unknown = info;
  const memoryBytes = Number(raw.MemTotal);
  const cpus = Number(raw.NCPU);
  const isManager = String(raw.ServerVersion).startsWith("swarm/");
  if (!(cpus > 0) || !(memoryBytes > 0) || isManager) {
    throw new EngineRefusedError(
      `cannot get resources for this engine, make sure ${addr} is a Docker Engine, not a Swarm manager`,
    );
  }
  const engineId = textOr(raw.ID, "");
  if (engineId === "") throw new EngineRefusedError(`${addr} reports no engine ID: is it a Docker Engine?`);
  const { labels, warnings } = engineLabels(addr, engineId, info);
  return {
    engineId,
    name: textOr(raw.Name, addr),
    cpus,
    memoryBytes,
    serverVersion: textOr((version as Unknown).Version, ""),
    labels,
    api: apiRange(addr, version),
    experimental: info.ExperimentalBuild === true,
    spansNetworks:
      textOr(raw.ClusterStore, "") !== "" ||
      (raw.Swarm as Unknown | null | undefined)?.ControlAvailable === true,
    systemTimeMs: Date.parse(textOr(info.SystemTime, "")) || nowMs,
    clockDeltaMs: clockDelta(info.SystemTime, nowMs),
    warnings,
  };
}

/** Do they say the same, their moments left out? */
export const sameSpecs = (a: EngineSpecs, b: EngineSpecs): boolean =>
  sameJson(
    { ...a, labels: [...a.labels], systemTimeMs: 0 },
    { ...b, labels: [...b.labels], systemTimeMs: 0 },
  );

const textOr = (value: unknown, fallback: string): string => (typeof value === "string" ? value : fallback);

const versionOr = (value: unknown, fallback: string): string =>
  typeof value === "string" && /^\d+\.\d+$/.test(value) ? value : fallback;

function apiRange(addr: string, version: Unknown): ApiRange {
  const max = versionOr(version.ApiVersion, managerMinApi);
  const min = versionOr(version.MinAPIVersion, "1.12");
  if (compareVersions(min, managerMaxApi) > 0) {
    throw new EngineRefusedError(
      `${addr} speaks API ${min} and newer, this manager ${managerMaxApi} at most: upgrade the manager`,
    );
  }
  return { min, max: compareVersions(max, managerMaxApi) > 0 ? managerMaxApi : max };
}

function engineLabels(
  addr: string,
  engineId: string,
  info: EngineInfo,
): { labels: Map<string, string>; warnings: string[] } {
  const labels = new Map<string, string>();
  const warnings: string[] = [];
  const builtIn: [string, unknown][] = [
    ["storagedriver", info.Driver],
    ["kernelversion", info.KernelVersion],
    ["operatingsystem", info.OperatingSystem],
    ["ostype", info.OSType],
  ];
  for (const [key, value] of builtIn) if (typeof value === "string" && value !== "") labels.set(key, value);
  const own: unknown = info.Labels ?? [];
  for (const entry of Array.isArray(own) ? (own as unknown[]) : [own]) {
    const label = String(entry);
    const split = label.indexOf("=");
    if (split < 0) {
      throw new EngineRefusedError(
        `Engine (ID: ${engineId}, Addr: ${addr}) contains an invalid label (${label}) not formatted as "key=value".`,
      );
    }
    const key = label.slice(0, split);
    const known = labels.get(key);
    if (key === "node") {
      warnings.push(
        `Engine (ID: ${engineId}, Addr: ${addr}) contains a label (${label}) with key of "node" which cannot be used in Swarm.`,
      );
    } else if (known !== undefined) {
      warnings.push(
        `Node (ID: ${engineId}) already contains a label (${known}) with key (${key}), and Engine's label (${label.slice(split + 1)}) cannot override it.`,
      );
    } else {
      labels.set(key, label.slice(split + 1));
    }
  }
  return { labels, warnings };
}

function clockDelta(systemTime: unknown, nowMs: number): number {
  const engineMs = Date.parse(textOr(systemTime, ""));
  if (Number.isNaN(engineMs)) return 0;
  const delta = nowMs - engineMs;
  return Math.abs(delta) < CLOCK_TOLERANCE_MS ? 0 : delta;
}
