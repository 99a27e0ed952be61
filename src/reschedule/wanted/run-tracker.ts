import type { WantedBook } from "./book.ts";
import { nextRun, runState, SETTLE_MS, type RunFact, type RunState } from "./run-state.ts";

/** Follows what wanted containers do, and puts into the book what that says about what they are to do. */
export class RunTracker {
  readonly #book: WantedBook;
  readonly #now: () => number;
  /** By container ID; of containers whose record says the rest, nothing. */
  readonly #states = new Map<string, RunState>();
  /** The engine's start under which a container was last seen running, by container ID. */
  readonly #marks = new Map<string, string>();

  constructor(book: WantedBook, now: () => number) {
    this.#book = book;
    this.#now = now;
  }

  /** Takes a fact about a container where it is now; of its former copies nothing is taken. */
  tell(containerId: string, fact: RunFact): void {
    const wanted = this.#book.ofContainer(containerId);
    if (wanted?.last.containerId !== containerId) return;
    // A planned move stops and starts it as it likes; what a user asks meanwhile counts.
    const asked = fact.kind === "wish" || fact.kind === "wish-settled";
    if (!asked && this.#book.isHeld(wanted.swarmId)) return;
    const state = this.#states.get(containerId) ?? runState(wanted.run);
    const next = nextRun({ ...state, run: wanted.run }, fact, this.#now());
    this.#states.set(containerId, next);
    if (next.run === wanted.run) return;
    void this.#book.put({ ...wanted, run: next.run, updatedMs: this.#now() });
  }

  /** It runs under this start of its engine. */
  seenRunning(containerId: string, mark: string | undefined): void {
    if (mark !== undefined) this.#marks.set(containerId, mark);
  }

  /** Whether its engine was started anew since it was last seen running; undefined: nobody can tell. */
  engineRestarted(containerId: string, mark: string | undefined): boolean | undefined {
    const old = this.#marks.get(containerId);
    return old === undefined || mark === undefined ? undefined : old !== mark;
  }

  isDoubtful(containerId: string): boolean {
    return this.#states.get(containerId)?.doubtSinceMs !== undefined;
  }

  /** Whether the doubt about its end is old enough to be settled. */
  isDue(containerId: string): boolean {
    const since = this.#states.get(containerId)?.doubtSinceMs;
    return since !== undefined && this.#now() - since >= SETTLE_MS;
  }

  /** Users are waiting for its end. */
  isWished(containerId: string): boolean {
    return (this.#states.get(containerId)?.wishes ?? 0) > 0;
  }

  /** Drops what is kept of containers that have no record any more, or moved. */
  prune(): void {
    for (const map of [this.#states, this.#marks]) {
      for (const id of map.keys()) if (this.#book.ofContainer(id)?.last.containerId !== id) map.delete(id);
    }
  }

  /** Others follow from now on: what we saw is not the whole story any more. Users that wait still do. */
  reset(): void {
    this.#marks.clear();
    for (const [id, { run, wishes }] of this.#states) {
      if (wishes === 0) this.#states.delete(id);
      else this.#states.set(id, { ...runState(run), wishes });
    }
  }
}
