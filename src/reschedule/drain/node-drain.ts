import { mayPass } from "../passing-obstacles.ts";
import type { PlannedOutcome } from "../ports.ts";
import {
  MAX_LISTED,
  type DrainedContainer,
  type DrainProgress,
  type StayingContainer,
} from "./drain-view.ts";

/** Moves off one node under way at once. */
export const DRAIN_PARALLEL = 4;
/** Pause after the first failure, milliseconds; it doubles with each one up to {@link RETRY_MAX_MS}. */
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** Unix milliseconds. */
export interface DrainTimes {
  readonly startedMs: number;
  /** Until then what could not be moved is tried again. */
  readonly deadlineMs: number;
}

/** A container as a drain sees it. */
export interface DrainItem {
  readonly id: string;
  readonly name: string;
  readonly swarmId: string;
  /** Why it cannot be moved at all; undefined: it can. */
  readonly obstacle: string | undefined;
}

interface Failure {
  readonly tries: number;
  readonly nextMs: number;
  readonly why: string;
}

/** The drain of one node: what is due, what moves, what became of it. Pure but for what it remembers: no I/O, no clock. */
export class NodeDrain {
  #times: DrainTimes;
  #items: readonly DrainItem[] = [];
  #unreachable = false;
  #nowMs: number;
  readonly #moving = new Map<string, DrainItem>();
  readonly #failures = new Map<string, Failure>();
  #moved: DrainedContainer[] = [];
  #movedCount = 0;

  constructor(times: DrainTimes, nowMs: number) {
    this.#times = times;
    this.#nowMs = nowMs;
  }

  get times(): DrainTimes {
    return this.#times;
  }

  /** It was asked for anew: everything is tried again at once, until the new deadline. */
  restart(times: DrainTimes): void {
    this.#times = times;
    this.#failures.clear();
    this.#moved = [];
    this.#movedCount = 0;
  }

  /**
   * Takes in what the node holds now.
   * @param reachable false: nothing can be moved off it at present
   * @returns what should begin to move now; the caller must {@link settle} each of them
   */
  begin(items: readonly DrainItem[], reachable: boolean, nowMs: number): readonly DrainItem[] {
    this.#items = items;
    this.#unreachable = !reachable;
    this.#nowMs = nowMs;
    const present = new Set(items.map(({ id }) => id));
    for (const id of this.#failures.keys()) if (!present.has(id)) this.#failures.delete(id);
    if (!reachable || nowMs >= this.#times.deadlineMs) return [];
    const due = items
      .filter((item) => this.#mayMove(item) && (this.#failures.get(item.id)?.nextMs ?? 0) <= nowMs)
      // Those that failed less often first, so that a few hopeless ones do not hold all places.
      .sort((a, b) => this.#tries(a) - this.#tries(b))
      .slice(0, Math.max(DRAIN_PARALLEL - this.#moving.size, 0));
    for (const item of due) this.#moving.set(item.id, item);
    return due;
  }

  /**
   * @param to name of the node it moved to
   * @param jitter in [0, 1)
   */
  settle(item: DrainItem, outcome: PlannedOutcome, nowMs: number, jitter: number): void {
    this.#moving.delete(item.id);
    this.#nowMs = nowMs;
    if (outcome.kind === "moved") {
      this.#failures.delete(item.id);
      this.#items = this.#items.filter(({ id }) => id !== item.id);
      this.#movedCount++;
      if (this.#moved.length < MAX_LISTED)
        this.#moved.push({ name: item.name, swarmId: item.swarmId, to: outcome.to.name });
      return;
    }
    const tries = this.#tries(item) + 1;
    const pauseMs = Math.min(RETRY_MIN_MS * 2 ** (tries - 1), RETRY_MAX_MS) * (0.75 + jitter / 2);
    this.#failures.set(item.id, { tries, nextMs: nowMs + pauseMs, why: outcome.why });
  }

  /** How many were moved, those beyond the list included. */
  get movedCount(): number {
    return this.#movedCount;
  }

  /** Containers that are there and not on their way. */
  get staysCount(): number {
    return this.#items.reduce((count, { id }) => (this.#moving.has(id) ? count : count + 1), 0);
  }

  get progress(): DrainProgress {
    const stays: StayingContainer[] = [];
    for (const item of this.#items) {
      if (this.#moving.has(item.id)) continue;
      if (stays.push({ name: item.name, id: item.id, why: this.#why(item) }) === MAX_LISTED) break;
    }
    return {
      state: this.#state,
      ...this.#times,
      moved: [...this.#moved],
      moving: [...this.#moving.values()].map(({ name, swarmId }) => ({ name, swarmId })),
      stays,
    };
  }

  get #state(): DrainProgress["state"] {
    if (this.#moving.size > 0) return "running";
    const isLeft = ({ obstacle }: DrainItem): boolean => obstacle === undefined || mayPass(obstacle);
    if (!this.#items.some(isLeft)) return "done";
    return this.#nowMs >= this.#times.deadlineMs ? "deadline" : "running";
  }

  #why(item: DrainItem): string {
    if (item.obstacle !== undefined) return item.obstacle;
    const failure = this.#failures.get(item.id);
    if (failure !== undefined) return failure.why;
    if (this.#unreachable) return "its node does not answer";
    return this.#nowMs >= this.#times.deadlineMs
      ? "the time was over before its turn came"
      : "its turn has not come";
  }

  #mayMove({ id, obstacle }: DrainItem): boolean {
    return obstacle === undefined && !this.#moving.has(id);
  }

  #tries({ id }: DrainItem): number {
    return this.#failures.get(id)?.tries ?? 0;
  }
}
