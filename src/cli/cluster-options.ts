import type { ClusterOptions } from "../config.ts";
import { keyValues } from "./checks.ts";
import { CommandError } from "./command-error.ts";
import { parseDuration } from "./duration.ts";
import { parseGoBool, parseGoFloat, parseGoInt, quote } from "./go-values.ts";

/** What holds where no `--cluster-opt` says otherwise. */
export const defaultClusterOptions: ClusterOptions = {
  overcommit: 0.05,
  createRetry: 0,
  rules: { modern: false },
  countMemoryReservation: false,
  strictLabels: false,
  pullNodes: [],
  followImage: "fallback",
  builderNode: "",
  reschedule: {
    delayMs: 0,
    parallel: 16,
    timeoutMs: 300_000,
    retryMaxMs: 60_000,
    removeVolumes: false,
    removedMs: undefined,
  },
  leaderWaitMs: 10_000,
};

/** What an option changes. */
type Change = Partial<Omit<ClusterOptions, "reschedule">> & {
  readonly reschedule?: Partial<ClusterOptions["reschedule"]>;
};

/** Key → how its text becomes part of the options. */
const readers: Readonly<Record<string, (key: string, text: string) => Change>> = {
  "swarm.overcommit": (key, text) => {
    const overcommit = required(parseGoFloat(text), key, "a number", text);
    if (overcommit <= -1) {
      throw new CommandError(`${key} should be larger than -1, ${overcommit.toFixed(6)} is invalid`);
    }
    return { overcommit };
  },
  "swarm.createretry": (key, text) => {
    const createRetry = required(parseGoInt(text), key, "a whole number", text);
    if (createRetry < 0) throw new CommandError(`${key} can not be negative, ${createRetry} is invalid`);
    return { createRetry };
  },
  "swarm.rules": (key, text) => {
    const modern = text === "modern" ? true : text === "classic" ? false : undefined;
    return { rules: { modern: required(modern, key, "classic or modern", text) } };
  },
  "swarm.memoryreservation": (key, text) => ({
    countMemoryReservation: required(parseGoBool(text), key, "true or false", text),
  }),
  "swarm.strictlabels": (key, text) => ({
    strictLabels: required(parseGoBool(text), key, "true or false", text),
  }),
  "swarm.pullnodes": (key, text) => ({
    pullNodes: required(expressions(text), key, "all, or one constraint, or a JSON array of them", text),
  }),
  "swarm.followimage": (key, text) => {
    const followImage = (["fallback", "always", "never"] as const).find((word) => word === text);
    return { followImage: required(followImage, key, "fallback, always or never", text) };
  },
  "swarm.buildernode": (_key, text) => ({ builderNode: text }),
  "swarm.reschedule-delay": (key, text) => ({ reschedule: { delayMs: duration(text, key) } }),
  "swarm.reschedule-parallel": (key, text) => {
    const parallel = required(parseGoInt(text), key, "a whole number", text);
    if (parallel < 1) throw new CommandError(`${key} should be at least 1, ${text} is invalid`);
    return { reschedule: { parallel } };
  },
  "swarm.reschedule-timeout": (key, text) => ({ reschedule: { timeoutMs: duration(text, key, 1_000) } }),
  "swarm.reschedule-retry-max": (key, text) => ({ reschedule: { retryMaxMs: duration(text, key, 1_000) } }),
  "swarm.reschedule-volumes": (key, text) => {
    const remove = text === "remove" ? true : text === "keep" ? false : undefined;
    return { reschedule: { removeVolumes: required(remove, key, "keep or remove", text) } };
  },
  "swarm.reschedule-removed": (key, text) => ({
    reschedule: { removedMs: text === "never" ? undefined : duration(text, key) },
  }),
  "swarm.leader-wait": (key, text) => ({ leaderWaitMs: duration(text, key) }),
};

/**
 * Reads `--cluster-opt` (spec: cli.md §5.5). Unknown keys are ignored, with a warning.
 * @throws CommandError for an option without `=` or a value out of range
 */
export function parseClusterOptions(options: readonly string[]): {
  readonly cluster: ClusterOptions;
  readonly warnings: readonly string[];
} {
  let cluster = defaultClusterOptions;
  const warnings: string[] = [];
  for (const [key, text] of Object.entries(keyValues("cluster-opt", options))) {
    const read = Object.hasOwn(readers, key) ? readers[key] : undefined;
    if (read) cluster = changed(cluster, read(key, text));
    else warnings.push(`unknown --cluster-opt ${quote(key)} is ignored`);
  }
  if (cluster.overcommit < 0) {
    warnings.push("-1 < swarm.overcommit < 0 will make swarm take less resource than docker engine offers");
  }
  return { cluster: Object.freeze(cluster), warnings };
}

function changed(cluster: ClusterOptions, { reschedule, ...change }: Change): ClusterOptions {
  return { ...cluster, ...change, reschedule: { ...cluster.reschedule, ...reschedule } };
}

/** Timers take no more; nobody waits that long. */
const longestMs = 2 ** 31 - 1;

/** Milliseconds, whole. */
function duration(text: string, key: string, leastMs = 0): number {
  let ms: number | undefined;
  try {
    ms = Math.round(parseDuration(text));
  } catch {
    ms = undefined;
  }
  const least = leastMs === 0 ? "" : ` of at least ${leastMs / 1_000}s`;
  const valid = ms !== undefined && ms >= leastMs && ms <= longestMs ? ms : undefined;
  return required(valid, key, `a duration${least} such as 30s`, text);
}

/** `all`, one expression, or a JSON array of expressions. */
function expressions(text: string): readonly string[] | undefined {
  if (text === "" || text === "all") return [];
  if (!text.startsWith("[")) return [text];
  try {
    const list = JSON.parse(text) as unknown[];
    return list.every((entry) => typeof entry === "string") ? list : undefined;
  } catch {
    return undefined;
  }
}

function required<T>(value: T | undefined, key: string, wanted: string, text: string): T {
  if (value === undefined) throw new CommandError(`${key} should be ${wanted}, ${quote(text)} is invalid`);
  return value;
}
