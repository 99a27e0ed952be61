import type { ClusterOptions } from "../config.ts";
import { keyValues } from "./checks.ts";
import { CommandError } from "./command-error.ts";
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
};

/** Key → how its text becomes part of the options. */
const readers: Readonly<Record<string, (key: string, text: string) => Partial<ClusterOptions>>> = {
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
    if (read) cluster = { ...cluster, ...read(key, text) };
    else warnings.push(`unknown --cluster-opt ${quote(key)} is ignored`);
  }
  if (cluster.overcommit < 0) {
    warnings.push("-1 < swarm.overcommit < 0 will make swarm take less resource than docker engine offers");
  }
  return { cluster: Object.freeze(cluster), warnings };
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
