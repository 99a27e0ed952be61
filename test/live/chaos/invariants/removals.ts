import type { Operation } from "../clients/history.ts";
import type { ContainerEvent } from "./observations.ts";
import { clock } from "./violation.ts";
import type { Violation } from "./violation.ts";

/** A container that ran so shortly before its removal was stopped in order to be removed, milliseconds. */
const stoppedToRemoveMs = 20_000;

interface Life {
  readonly engine: string;
  readonly id: string;
  createdMs: number;
  destroyedMs: number;
  /** Beginning and end of each run. */
  readonly runs: { fromMs: number; toMs: number }[];
}

/**
 * Copies of an acknowledged container that were removed although no client asked for that and there was no other copy; or no other running one,
 * though this one had run until then and nobody had asked to stop it.
 */
export function lonelyRemovals(
  events: readonly ContainerEvent[],
  operations: ReadonlyMap<string, readonly Operation[]>,
): readonly Violation[] {
  const violations: Violation[] = [];
  for (const [token, own] of byToken(events)) {
    const asked = operations.get(token) ?? [];
    const acknowledged = asked.find(
      ({ action, end }) =>
        (action === "create" || action === "run") &&
        end?.outcome.kind === "answered" &&
        end.outcome.status < 400,
    )?.end?.atMs;
    if (acknowledged === undefined) continue;
    const wanted = (action: Operation["action"], beforeMs: number) =>
      asked.some((operation) => operation.action === action && operation.beganMs <= beforeMs);
    const lives = livesOf(own);
    for (const life of lives) {
      const { destroyedMs } = life;
      if (destroyedMs === Infinity || destroyedMs < acknowledged || wanted("remove", destroyedMs)) continue;
      const others = lives.filter(
        (other) => other !== life && other.createdMs <= destroyedMs && other.destroyedMs > destroyedMs,
      );
      const ranLast = life.runs.some(({ toMs }) => toMs > destroyedMs - stoppedToRemoveMs);
      const replaced =
        ranLast && !wanted("stop", destroyedMs)
          ? others.filter((other) => runsAt(other, destroyedMs))
          : others;
      if (replaced.length > 0) continue;
      violations.push({
        invariant: "removals",
        what: `${token} was removed from ${life.engine} with no other ${others.length > 0 ? "running " : ""}copy`,
        evidence: own
          .filter(({ atMs }) => Math.abs(atMs - destroyedMs) < 120_000)
          .map(
            ({ atMs, engine, action, id, name }) =>
              `${clock(atMs)} ${engine} ${action} ${id.slice(0, 12)} ${name}`,
          ),
      });
    }
  }
  return violations;
}

function runsAt({ runs }: Life, atMs: number): boolean {
  return runs.some(({ fromMs, toMs }) => fromMs <= atMs && toMs > atMs);
}

function livesOf(events: readonly ContainerEvent[]): readonly Life[] {
  const lives = new Map<string, Life>();
  for (const { engine, id, action, atMs } of [...events].sort((a, b) => a.atMs - b.atMs)) {
    const key = `${engine} ${id}`;
    const life: Life = lives.get(key) ?? { engine, id, createdMs: atMs, destroyedMs: Infinity, runs: [] };
    lives.set(key, life);
    if (action === "start") life.runs.push({ fromMs: atMs, toMs: Infinity });
    const run = life.runs.at(-1);
    if ((action === "die" || action === "destroy") && run?.toMs === Infinity) run.toMs = atMs;
    if (action === "destroy") life.destroyedMs = atMs;
  }
  return [...lives.values()];
}

function byToken(events: readonly ContainerEvent[]): Map<string, ContainerEvent[]> {
  const groups = new Map<string, ContainerEvent[]>();
  for (const event of events) {
    const group = groups.get(event.token) ?? [];
    if (group.length === 0) groups.set(event.token, group);
    group.push(event);
  }
  return groups;
}
