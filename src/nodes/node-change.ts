import type { DrainTerm, NodeSettings } from "../cluster/node-settings.ts";
import { badRequest } from "../errors.ts";
import { clip } from "../scheduler/clip.ts";
import { MAX_LABELS, labelProblem } from "./node-label.ts";

/** The longest time a drain is given, milliseconds: a week. */
const MAX_DRAIN_MS = 7 * 86_400_000;

/** A change an operator asks for. */
export interface NodeChange {
  readonly availability?: NodeSettings["availability"];
  readonly addLabels?: Readonly<Record<string, string>>;
  /** Those that are not there are removed already. */
  readonly removeLabels?: readonly string[];
  /** How long the drain may take from now, milliseconds. Only where the node drains, or is to drain by this very change. */
  readonly drainDeadlineMs?: number;
}

/**
 * What operators say of a node after this change. Whoever asks for a drain again gives it a new term.
 * @throws ApiError 400 when it cannot be
 */
export function changed(settings: NodeSettings, change: NodeChange, nowMs: number): NodeSettings {
  const availability = change.availability ?? settings.availability;
  const drain = availability === "drain" ? drainTerm(settings, change, nowMs) : undefined;
  if (availability !== "drain" && change.drainDeadlineMs !== undefined)
    throw badRequest("a deadline is for a drain: the node would not be drained");
  return { availability, labels: changedLabels(settings, change), ...(drain === undefined ? {} : { drain }) };
}

function drainTerm(
  { drain }: NodeSettings,
  { availability, drainDeadlineMs }: NodeChange,
  nowMs: number,
): DrainTerm | undefined {
  if (availability === undefined && drainDeadlineMs === undefined) return drain;
  if (drainDeadlineMs === undefined) return { sinceMs: nowMs, deadlineMs: undefined };
  if (!(drainDeadlineMs > 0) || drainDeadlineMs > MAX_DRAIN_MS)
    throw badRequest("the deadline of a drain is more than 0 seconds and at most 604800 (a week)");
  return { sinceMs: nowMs, deadlineMs: nowMs + drainDeadlineMs };
}

function changedLabels(
  { labels }: NodeSettings,
  { addLabels = {}, removeLabels = [] }: NodeChange,
): ReadonlyMap<string, string> {
  if (Object.keys(addLabels).length === 0 && removeLabels.length === 0) return labels;
  const after = new Map(labels);
  for (const key of removeLabels) {
    if (Object.hasOwn(addLabels, key))
      throw badRequest(`label ${JSON.stringify(clip(key))} is both added and removed`);
    after.delete(key);
  }
  for (const [key, value] of Object.entries(addLabels)) {
    const problem = labelProblem(key, value);
    if (problem !== undefined) throw badRequest(`invalid label: ${problem}`);
    after.set(key, value);
  }
  if (after.size > MAX_LABELS)
    throw badRequest(`a node is given at most ${MAX_LABELS} labels, these would be ${after.size}`);
  return after;
}

/** Says nothing: such a node needs no entry. */
export const isDefault = ({ availability, labels }: NodeSettings): boolean =>
  availability === "active" && labels.size === 0;

export function sameSettings(a: NodeSettings | undefined, b: NodeSettings | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.availability === b.availability &&
    a.drain?.sinceMs === b.drain?.sinceMs &&
    a.drain?.deadlineMs === b.drain?.deadlineMs &&
    a.labels.size === b.labels.size &&
    [...a.labels].every(([key, value]) => b.labels.get(key) === value)
  );
}
