import { cpuPercent, hasRoom, memoryPercent } from "../../strategies/score.ts";
import { attemptRules } from "./attempt-rules.ts";
import { availabilityRule, unavailableText } from "./availability.ts";
import { clip } from "./clip.ts";
import { explainConflict } from "./conflict.ts";
import type { Field } from "./field.ts";
import { formatBytes } from "./format-bytes.ts";
import { compareNatural } from "./natural-order.ts";
import { prepareFilter } from "./pipeline.ts";
import type { Failure, Pipeline } from "./pipeline.ts";
import type { Admission, Candidate, PlacementRequest, Refusal } from "./types.ts";

/** Everything a refusal is told from. */
export interface Refused {
  readonly pipeline: Pipeline;
  readonly request: PlacementRequest;
  readonly field: Field;
  readonly droppedSoft: ReadonlySet<string>;
  readonly failure: Failure;
}

/** The contract's error text (spec: scheduling.md §6), and our lines about what stood in the way. */
export const explainRefusal = (refused: Refused): Refusal => ({
  message: messageOf(refused),
  explanation: explanationOf(refused),
});

function messageOf(refused: Refused): string {
  const { failure, pipeline } = refused;
  switch (failure.kind) {
    case "filter":
      return failure.name === "health" && failure.syntax === undefined
        ? "No healthy node available in the cluster"
        : frame(refused, failure.at);
    case "attempt":
      return frame(refused, pipeline.filters.length - 1);
    case "unavailable":
      return `No node that fits takes new containers: ${unavailableText(failure.nodes)}`;
    case "empty":
      return "No nodes available in the cluster";
    case "resources":
      return "no resources available to schedule container";
  }
}

/** The frame: a first line that ends in a blank, then a line per filter up to and including the one that failed. */
function frame({ pipeline, request, droppedSoft }: Refused, upTo: number): string {
  const lines = ["Unable to find a node that satisfies the following conditions "];
  for (const filter of pipeline.filters.slice(0, upTo + 1)) {
    const prepared = prepareFilter(filter, request, droppedSoft, pipeline.rules);
    if (prepared.kind === "syntax") lines.push(`error from ${filter.name} filter: ${prepared.text}`);
    else if (prepared.check !== undefined && prepared.check.conditions.length > 0) {
      lines.push(`[${prepared.check.conditions.join(" ")}]`);
    }
  }
  return lines.join("\n");
}

/** Anything that can rule out a node: a filter, a rule of this attempt, memory, CPUs. */
interface Rule extends Admission {
  readonly name: string;
  explain(candidate: Candidate): string;
  /** How near a refused node came; higher is nearer. Only compared within one rule. */
  nearness?(candidate: Candidate): number;
}

/** One line per rule that ruled out a node, and one about what is in two places: at most thirteen, whatever the cluster's size. */
function explanationOf(refused: Refused): readonly string[] {
  const { field, droppedSoft, failure, pipeline, request } = refused;
  if (failure.kind === "filter" && failure.syntax !== undefined) return [];
  const conflict = explainConflict(pipeline, request, field, droppedSoft);
  return [...rejections(refused), ...(conflict === undefined ? [] : [conflict])];
}

function rejections(refused: Refused): readonly string[] {
  const { field, failure } = refused;
  const refusedBy = rulesOf(refused).map((rule) => ({ rule, nodes: field.refused(rule).candidates() }));
  const broken = new Map<Candidate, number>();
  for (const { nodes } of refusedBy) {
    for (const node of nodes) broken.set(node, (broken.get(node) ?? 0) + 1);
  }
  return refusedBy.flatMap(({ rule, nodes }) => {
    const out = nodes.map((candidate) => ({ candidate, broken: broken.get(candidate) ?? 0 }));
    const [nearest] = out;
    if (nearest === undefined) return [];
    if (rule.name === availabilityRule.name) {
      // The message has said it.
      return failure.kind === "unavailable" ? [] : [unavailableLine(out)];
    }
    const { candidate } = out.reduce((best, next) => (isNearer(rule, next, best) ? next : best), nearest);
    const counts = `${rule.name}: ruled out ${out.length} of ${field.size} ${field.size === 1 ? "node" : "nodes"}`;
    return [`${counts}; nearest: ${clip(candidate.name)} (${rule.explain(candidate)})`];
  });
}

/** Nodes on which nothing else stands in the way come first, and alone. */
function unavailableLine(out: readonly Miss[]): string {
  const near = out.filter(({ broken }) => broken === 1);
  const named = (near.length > 0 ? near : out).map(({ candidate }) => candidate);
  return `${availabilityRule.name}: ${unavailableText(named)}`;
}

interface Miss {
  readonly candidate: Candidate;
  /** How many rules the node broke. */
  readonly broken: number;
}

/** The node that broke fewer rules is nearer, then the one that came closer on this rule, then the first by name. */
function isNearer(rule: Rule, a: Miss, b: Miss): boolean {
  if (a.broken !== b.broken) return a.broken < b.broken;
  const nearness = (rule.nearness?.(a.candidate) ?? 0) - (rule.nearness?.(b.candidate) ?? 0);
  if (nearness !== 0) return nearness > 0;
  return compareNatural(a.candidate.name, b.candidate.name) < 0;
}

function rulesOf({ pipeline, request, droppedSoft }: Refused): readonly Rule[] {
  const filters = pipeline.filters.flatMap((filter): Rule[] => {
    const prepared = prepareFilter(filter, request, droppedSoft, pipeline.rules);
    if (prepared.kind === "syntax" || prepared.check === undefined) return [];
    return [{ ...prepared.check, name: filter.name }];
  });
  return [
    ...filters,
    ...attemptRules(request),
    ...(request.memoryBytes > 0 ? [memoryRule(request)] : []),
    ...(request.cpus > 0 ? [cpuRule(request)] : []),
  ];
}

const memoryRule = (request: PlacementRequest): Rule => {
  const free = ({ totalMemoryBytes, usedMemoryBytes }: Candidate): number =>
    totalMemoryBytes - usedMemoryBytes;
  return {
    name: "memory",
    admits: (candidate) => hasRoom(memoryPercent(request, candidate)),
    nearness: free,
    explain: (candidate) =>
      `${formatBytes(request.memoryBytes)} requested, ` +
      `${formatBytes(Math.max(0, free(candidate)))} of ${formatBytes(candidate.totalMemoryBytes)} free`,
  };
};

const cpuRule = (request: PlacementRequest): Rule => {
  const free = ({ totalCpus, usedCpus }: Candidate): number => totalCpus - usedCpus;
  return {
    name: "cpu",
    admits: (candidate) => hasRoom(cpuPercent(request, candidate)),
    nearness: free,
    explain: (candidate) =>
      `${request.cpus} CPUs requested, ${Math.max(0, free(candidate))} of ${candidate.totalCpus} free`,
  };
};
