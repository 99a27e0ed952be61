import type { FaultKind } from "../plan/faults.ts";
import type { Act, ContainerEvent, KeySample, RoleSample } from "../invariants/observations.ts";
import { fateOf } from "../clients/history.ts";
import type { Operation } from "../clients/history.ts";

/** Numbers of a run, for its summary. */
export class Tally {
  worlds = 0;
  phases = 0;
  operations = 0;
  /** Creates by their fate. */
  readonly creates = { done: 0, refused: 0, unknown: 0 };
  /** Containers that were made again somewhere. */
  reschedules = 0;
  worstRecoveryMs = 0;
  readonly faults = new Map<FaultKind, number>();
  /** How much was observed: an observer that is blind sees no violations either. */
  readonly observed = { acts: 0, containers: 0, holders: 0, primaries: 0 };
  /** How long the leader's key was without an owner when it went to another manager, milliseconds. */
  readonly failOvers: number[] = [];

  addOperations(operations: readonly Operation[]): void {
    this.operations += operations.length;
    for (const operation of operations) {
      if (operation.action === "create" || operation.action === "run") this.creates[fateOf(operation)] += 1;
    }
  }

  /** Each copy after a container's first one was made by a manager. */
  addEvents(events: readonly ContainerEvent[], fromMs: number): void {
    const made = events.filter(({ action }) => action === "create");
    const first = new Map<string, number>();
    for (const { token, atMs } of made) first.set(token, Math.min(atMs, first.get(token) ?? Infinity));
    this.reschedules += made.filter(
      ({ token, atMs }) => atMs >= fromMs && atMs > (first.get(token) ?? 0),
    ).length;
  }

  addObserved(seen: {
    readonly acts: readonly Act[];
    readonly containers: readonly ContainerEvent[];
    readonly key: readonly KeySample[];
    readonly roles: readonly RoleSample[];
  }): void {
    this.observed.acts += seen.acts.length;
    this.observed.containers += seen.containers.length;
    this.observed.holders += seen.key.filter(({ found }) => found !== undefined && found !== "nobody").length;
    this.observed.primaries += seen.roles.filter(({ term }) => term !== undefined).length;
  }

  addLeaders(key: readonly KeySample[]): void {
    let last: { holder: string; atMs: number } | undefined;
    for (const { found, answeredMs } of key) {
      if (found === undefined || found === "nobody") continue;
      if (last !== undefined && last.holder !== found.holder) this.failOvers.push(answeredMs - last.atMs);
      last = { holder: found.holder, atMs: answeredMs };
    }
  }

  /** Lines for a person. */
  summary(): readonly string[] {
    const { done, refused, unknown } = this.creates;
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
    const faults = [...this.faults]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([kind, count]) => `${kind} ${String(count)}`);
    const failOvers =
      this.failOvers.length === 0
        ? ""
        : `, longest ${seconds(Math.max(...this.failOvers))} without a primary`;
    return [
      `${String(this.worlds)} worlds, ${String(this.phases)} phases`,
      `faults: ${faults.join(", ") || "none"}`,
      `${String(this.operations)} operations; creates: ${String(done)} done, ${String(refused)} refused, ${String(unknown)} unknown to the client`,
      `${String(this.reschedules)} copies made by managers; ${String(this.failOvers.length)} fail-overs${failOvers}`,
      `slowest recovery ${seconds(this.worstRecoveryMs)}`,
    ];
  }
}
