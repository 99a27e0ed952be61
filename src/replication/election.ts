import { setMaxListeners } from "node:events";
import type { Logger } from "pino";
import { ErrorPace } from "../../discovery/error-pace.ts";
import { errorText } from "../errors.ts";
import type { Lock, Store } from "../store/store.ts";
import { StoreError } from "../store/store-error.ts";
import { messages } from "../telemetry/messages.ts";
import { standAgainMs, suspension, systemReplicationClock, type ReplicationClock } from "./clock.ts";
import { TERM_KEY } from "./keys.ts";
import type { Leadership, Term } from "./leadership.ts";
import { TermNumbers } from "./term-numbers.ts";

/** What stores take as the TTL of a lock, milliseconds. */
const [shortestTtlMs, longestTtlMs] = [1_000, 86_400_000];
/** A failure of the store is told again after so long, milliseconds. */
const errorPeriodMs = 60_000;
/** Waiting for the lock tries at least this often: without a new failure for so long there is none any more, milliseconds. */
const errorLastsMs = 15_000;

/** What {@link ElectionOptions.takeOverMs} should be: who led before hears of its loss within a few milliseconds. */
export const TAKE_OVER_MS = 300;

/** What the log says of an election. */
export interface ElectionWords {
  readonly acquired: string;
  readonly lost: string;
  /** Whether `lost` is said at every start too, as the original does (spec: ha.md §3). */
  readonly lostAtStart: boolean;
  /** Warns that the store keeps the lock longer than asked for; absent: nobody asked. */
  readonly raised?: string;
}

/** The election of the primary: the words tools search for. */
const primaryWords: ElectionWords = {
  acquired: messages.leadershipAcquired,
  lost: messages.leadershipLost,
  lostAtStart: true,
  raised: messages.leaseRaised,
};

/** The election among managers that all answer, for the one that moves containers. */
export const keeperWords: ElectionWords = {
  acquired: messages.keeperAcquired,
  lost: messages.keeperLost,
  lostAtStart: false,
};

export interface ElectionOptions {
  readonly store: Store;
  /** The lock's key. */
  readonly key: string;
  /** The lock's value while we hold it. */
  readonly value: string;
  /** How long others may wait after our death; what no store takes is brought into its range. */
  readonly ttlMs: number;
  /** A term that follows another begins so much later than it could, milliseconds: see {@link Election.doubt}. */
  readonly takeOverMs: number;
  readonly log: Logger;
  /** Default: {@link primaryWords}. */
  readonly words?: ElectionWords;
  readonly clock?: ReplicationClock;
}

/**
 * Stands for election again and again: waits for the lock, leads while it is certainly held, and steps down before anybody else can lead.
 *
 *     stand ── lock ──► count the term ──► lead ── lost ──► step down ── 0.5 to 5 s ──► stand
 *
 * A term is over for everybody who asks as soon as the lock's own clock says so, also when the process stood still: the next question is
 * answered with no.
 */
export class Election implements Leadership, AsyncDisposable {
  readonly #options: ElectionOptions;
  readonly #ttlMs: number;
  readonly #clock: ReplicationClock;
  readonly #words: ElectionWords;
  readonly #numbers: TermNumbers;
  readonly #pace = new ErrorPace(errorPeriodMs);
  readonly #stop = new AbortController();
  readonly #listeners = new Set<(term: Term) => void>();
  #term: Term | undefined;
  #lock: Lock | undefined;
  #running: Promise<void> = Promise.resolve();
  #freeWithinMs: number | undefined;
  #failure: { readonly text: string; readonly atMs: number } | undefined;

  constructor(options: ElectionOptions) {
    const { store, ttlMs, log, clock = systemReplicationClock, words = primaryWords } = options;
    this.#options = options;
    this.#ttlMs = Math.min(Math.max(ttlMs, shortestTtlMs), longestTtlMs);
    this.#clock = clock;
    this.#words = words;
    this.#numbers = new TermNumbers({ store, key: TERM_KEY, log, clock });
  }

  get term(): Term | undefined {
    this.#term?.held(); // ends it when it is over
    return this.#term;
  }

  /** After our death others lead within so many milliseconds, as far as is known. */
  get ttlMs(): number {
    return this.#freeWithinMs ?? this.#ttlMs;
  }

  /** Why we cannot stand for election at present; `""` when we can. */
  get error(): string {
    const { text, atMs } = this.#failure ?? { text: "", atMs: 0 };
    return this.#clock.nowMs() - atMs < errorLastsMs ? text : "";
  }

  /**
   * Somebody has seen that the lock is another's, or nobody's. Stores have been known to take locks back too early: a server of etcd that was its cluster's
   * leader, stood still and goes on, ends leases which were renewed elsewhere meanwhile (github.com/etcd-io/etcd/issues/15247).
   */
  doubt(): void {
    this.#lock?.doubt();
  }

  onTerm(listener: (term: Term) => void): () => void {
    this.#listeners.add(listener);
    const { term } = this;
    if (term !== undefined) this.#tell(listener, term);
    return () => void this.#listeners.delete(listener);
  }

  /** Stands for election until the signal; then gives the lock up and resolves. Never rejects. */
  run(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(AbortSignal.any([signal, this.#stop.signal]));
    return this.#running;
  }

  /** Gives the lock up at once: others need not wait for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    if (this.#words.lostAtStart) log.info(this.#words.lost);
    let failures = 0;
    while (!signal.aborted) {
      const lock = await this.#stand(signal);
      if (lock === "closed") return;
      if (lock !== undefined) {
        const begunMs = this.#clock.nowMs();
        await this.#lead(lock, signal);
        if (this.#clock.nowMs() - begunMs > this.#ttlMs) failures = 0;
      }
      await this.#clock.pause(standAgainMs(failures++, this.#clock), signal);
    }
  }

  /** Waits for the lock; nothing when that failed or is no longer wanted. */
  async #stand(signal: AbortSignal): Promise<Lock | "closed" | undefined> {
    const { store, key, value } = this.#options;
    try {
      const lock = await store.lock(key, value, {
        ttlMs: this.#ttlMs,
        signal,
        onError: (error) => this.#failed(error),
      });
      this.#failure = undefined;
      return lock;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof StoreError && error.kind === "closed") return "closed";
      this.#failed(error);
      return undefined;
    }
  }

  async #lead(lock: Lock, signal: AbortSignal): Promise<void> {
    const over = AbortSignal.any([lock.lost, signal]);
    this.#noteTtl(lock);
    const { number, kept } = await this.#numbers.next(over);
    // Who led before, and lost the lock in an unforeseen way, has heard of it by then.
    const { takeOverMs } = this.#options;
    if (number > 1 && takeOverMs > 0) await this.#clock.pause(takeOverMs, over);
    if (!over.aborted && lock.held()) {
      this.#lock = lock;
      await this.#reign(number, lock, over);
      this.#lock = undefined;
    }
    await lock.release();
    await kept;
  }

  /** From the beginning of a term to its end. */
  async #reign(number: number, lock: Lock, over: AbortSignal): Promise<void> {
    const { log } = this.#options;
    const lost = new AbortController();
    setMaxListeners(0, lost.signal); // every act under way listens to it
    await new Promise<void>((resolve) => {
      const end = (why?: string): void => {
        if (lost.signal.aborted) return;
        this.#term = undefined; // first: whoever hears of the end and asks, hears the same
        log.info({ term: number }, this.#words.lost);
        lost.abort(lock.lost.aborted ? lock.lost.reason : new Error(why ?? "the manager stops"));
        resolve();
      };
      const wasSuspended = suspension(this.#clock, lock.freeWithinMs / 10);
      const term: Term = {
        number,
        sinceMs: this.#clock.unixMs(),
        lost: lost.signal,
        held: () => {
          if (lost.signal.aborted) return false;
          if (lock.held() && !over.aborted && !wasSuspended()) return true;
          end("the machine was suspended");
          return false;
        },
      };
      over.addEventListener("abort", () => end(), { once: true });
      this.#term = term;
      log.info({ term: number }, this.#words.acquired);
      for (const listener of [...this.#listeners]) this.#tell(listener, term);
    });
  }

  #tell(listener: (term: Term) => void, term: Term): void {
    try {
      listener(term);
    } catch (error) {
      this.#options.log.error({ err: error }, "a listener to the beginning of a term failed");
    }
  }

  #noteTtl({ freeWithinMs }: Lock): void {
    const { log } = this.#options;
    const asked = Math.ceil(this.#ttlMs / 1000);
    const gets = Math.ceil(freeWithinMs / 1000);
    const { raised } = this.#words;
    if (gets > asked && freeWithinMs !== this.#freeWithinMs && raised !== undefined) {
      log.warn({ asked: `${asked}s`, gets: `${gets}s` }, raised);
    }
    this.#freeWithinMs = freeWithinMs;
  }

  #failed(error: unknown): void {
    const text = errorText(error);
    const atMs = this.#clock.nowMs();
    this.#failure = { text, atMs };
    if (this.#pace.admits(text, atMs)) this.#options.log.error({ error: text }, messages.electionError);
  }
}
