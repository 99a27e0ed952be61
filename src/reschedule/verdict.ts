import { runs } from "../cluster/better-copy.ts";
import type { ContainerRecord } from "../cluster/container-record.ts";
import { judgeDuplicates, type Duplicate } from "./duplicates.ts";
import type { EngineFate } from "./engine-loss.ts";
import type { MassFailure } from "./mass-failure.ts";
import type { WantedContainer } from "./wanted/wanted.ts";

/** All that decides about one wanted container. */
export interface Situation {
  readonly wanted: WantedContainer;
  /** All containers of the cluster with its swarm ID. */
  readonly copies: Iterable<ContainerRecord>;
  /** Of the engine it was last on. */
  readonly fate: EngineFate;
  /** That engine was lost together with most others. */
  readonly mass: MassFailure | undefined;
  /** `swarm.reschedule-delay`, milliseconds. */
  readonly delayMs: number;
  /**
   * Whether it is not clear yet why this copy does not run, or, without one, why it is gone, although its engine is well. What is wanted once that is
   * clear came to its end with its engine (`Recorder.isSettling`).
   */
  readonly inDoubt: (copy: ContainerRecord | undefined) => boolean;
  readonly nowMs: number;
}

export type Verdict =
  | { readonly kind: "nothing" }
  /** Nobody may say yet what to do; whatever goes on may go on. */
  | { readonly kind: "unknown"; readonly why: string }
  | { readonly kind: "wait"; readonly untilMs: number; readonly why: string }
  | { readonly kind: "hold"; readonly why: string }
  | { readonly kind: "start"; readonly record: ContainerRecord }
  | { readonly kind: "reschedule"; readonly why: string }
  /** It has moved, and the book does not know. */
  | { readonly kind: "adopt"; readonly record: ContainerRecord }
  | ({ readonly kind: "duplicate" } & Duplicate)
  /** Its engine is lost, and its user did not ask for it to move. */
  | { readonly kind: "skip" };

/** What to do about one wanted container, given how things stand (spec: node-lifecycle.md §8). Pure. */
export function verdictOn(situation: Situation): Verdict {
  const { wanted, copies, fate } = situation;
  const { winner, duplicates } = judgeDuplicates(copies, wanted);
  if (winner === undefined) return withoutCopy(situation);
  const idle = wanted.run === "running" && !runs(winner);
  const isInBook = winner.id === wanted.last.containerId;
  // The book follows before anything goes: it must never name a copy that is gone while another one lives.
  if (!isInBook && !idle) return { kind: "adopt", record: winner };
  const [duplicate] = duplicates;
  if (duplicate !== undefined) return { kind: "duplicate", ...duplicate };
  if (isInBook) {
    if (!idle) return { kind: "nothing" };
    return situation.inDoubt(winner) ? DOUBT : { kind: "start", record: winner };
  }
  // Made by an attempt that got no further: the next one goes on with it.
  if (fate.kind === "alive" && situation.inDoubt(undefined)) return DOUBT;
  return fate.kind === "alive"
    ? { kind: "reschedule", why: "its new copy does not run yet" }
    : withoutCopy(situation);
}

const DOUBT: Verdict = { kind: "unknown", why: "why it ended is not clear yet" };

/** There is no copy of it on any healthy engine, or none that runs. */
function withoutCopy({ wanted, fate, mass, delayMs, inDoubt, nowMs }: Situation): Verdict {
  switch (fate.kind) {
    case "alive":
      // Its engine is well and does not have it: its user has removed it, or `--rm` did when the engine was started anew.
      if (inDoubt(undefined)) return DOUBT;
      return wanted.policy === "off"
        ? { kind: "skip" }
        : { kind: "reschedule", why: "its node's engine removed it" };
    case "unknown":
    case "held":
      if (wanted.policy === "off") return { kind: "skip" };
      return fate.kind === "unknown" ? { kind: "unknown", why: fate.why } : { kind: "hold", why: fate.why };
    case "lost": {
      if (wanted.policy === "off") return { kind: "skip" };
      if (mass !== undefined && nowMs < mass.untilMs) {
        const why = `${mass.keys.size} of ${mass.of} nodes were lost at once: perhaps this manager is cut off`;
        return { kind: "wait", untilMs: mass.untilMs, why };
      }
      const dueMs = fate.sinceMs + delayMs;
      if (nowMs < dueMs) return { kind: "wait", untilMs: dueMs, why: "swarm.reschedule-delay" };
      return { kind: "reschedule", why: fate.why };
    }
  }
}
