import { viaEntry } from "../../proxy/relay-headers.ts";
import type { Replication } from "../replication.ts";
import { noPrimary, tooManyWait, unreachable } from "./faults.ts";
import type { Primaries } from "./primaries.ts";
import type { PrimaryTarget } from "./primary-target.ts";

/** Pauses between two attempts to reach the same primary, milliseconds. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
/** How many requests may wait by default: each holds a connection. */
const MAX_WAITING = 1_000;

export interface SearchOptions {
  readonly replication: Pick<Replication, "leadership" | "primary" | "onPrimary">;
  readonly waitMs: number;
  readonly maxWaiting?: number;
  readonly random?: () => number;
}

/** Where a request goes: to another manager, to the one it came to, or nowhere, because its client left. */
export type Found<T> =
  | { readonly kind: "there"; readonly target: PrimaryTarget; readonly reached: T }
  | { readonly kind: "here" }
  | { readonly kind: "left" };

/** Finds the primary for each request, and waits for one as long as a request may. */
export class PrimarySearch {
  readonly #primaries: Primaries;
  readonly #options: SearchOptions;
  /** Called at each change of the primary, or of what we are. */
  readonly #wakers = new Set<() => void>();
  readonly #stops: readonly (() => void)[];
  #waiting = 0;
  #disposed = false;

  constructor(primaries: Primaries, options: SearchOptions) {
    const { replication } = options;
    this.#primaries = primaries;
    this.#options = options;
    const wake = (): void => {
      for (const waker of [...this.#wakers]) waker();
    };
    this.#stops = [
      replication.onPrimary((addr) => {
        // What is idle goes at once; what is under way, when that manager does not answer any more.
        if (addr !== this.#primaries.present) this.#primaries.leave();
        wake();
      }),
      replication.leadership.onTerm(() => {
        this.#primaries.leave();
        wake();
      }),
    ];
  }

  /** Requests that wait now. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whoever waits is told that there is no primary. */
  dispose(): void {
    this.#disposed = true;
    for (const stop of this.#stops) stop();
    for (const waker of [...this.#wakers]) waker();
  }

  /**
   * Waits until this manager leads, or until another one does and is reached.
   * @param left the client left
   * @param visited managers the request has been through, as `X-Swarm-Via` lists them: they are not the primary, whatever we have heard
   * @param reach opens what the request needs
   * @throws NoPrimaryError when the time is up
   */
  async find<T>(
    left: AbortSignal,
    visited: ReadonlySet<string>,
    reach: (target: PrimaryTarget, signal: AbortSignal) => Promise<T>,
  ): Promise<Found<T>> {
    const { replication, waitMs, random = Math.random } = this.#options;
    const deadline = performance.now() + waitMs;
    let pauseMs = FIRST_PAUSE_MS;
    let fault = noPrimary(waitMs);
    for (;;) {
      if (left.aborted) return { kind: "left" };
      if (this.leads()) return { kind: "here" };
      const addr = replication.primary;
      const isKnown = addr !== "" && !visited.has(viaEntry(addr));
      if (isKnown) {
        try {
          const target = this.#primaries.at(addr);
          const reached = await this.#unlessChanged(addr, left, (signal) => reach(target, signal));
          return { kind: "there", target, reached };
        } catch (error) {
          if (replication.primary === addr) fault = unreachable(addr, error);
          else {
            // That was another one's fault.
            fault = noPrimary(waitMs);
            if (performance.now() < deadline) continue;
          }
        }
      }
      const leftMs = deadline - performance.now();
      if (leftMs <= 0 || this.#disposed) throw fault;
      await this.#pause(left, isKnown ? Math.min(leftMs, pauseMs * (0.75 + random() / 2)) : leftMs);
      if (isKnown) pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  leads(): boolean {
    return this.#options.replication.leadership.term?.held() === true;
  }

  /** Gives an attempt up when the client leaves, or when that manager is the primary no longer. */
  async #unlessChanged<T>(
    addr: string,
    left: AbortSignal,
    attempt: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const over = new AbortController();
    const stop = (): void => over.abort();
    const look = (): void => {
      if (this.#disposed || this.leads() || this.#options.replication.primary !== addr) stop();
    };
    this.#wakers.add(look);
    left.addEventListener("abort", stop);
    try {
      return await attempt(over.signal);
    } finally {
      this.#wakers.delete(look);
      left.removeEventListener("abort", stop);
    }
  }

  /** Until something changes, the client leaves or the time is up. @throws NoPrimaryError when too many wait */
  async #pause(left: AbortSignal, ms: number): Promise<void> {
    const { maxWaiting = MAX_WAITING } = this.#options;
    if (this.#waiting >= maxWaiting) throw tooManyWait();
    this.#waiting++;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => done(), ms);
      const done = (): void => {
        clearTimeout(timer);
        this.#wakers.delete(done);
        left.removeEventListener("abort", done);
        resolve();
      };
      this.#wakers.add(done);
      left.addEventListener("abort", done);
      if (left.aborted || this.#disposed) done();
    });
    this.#waiting--;
  }
}
