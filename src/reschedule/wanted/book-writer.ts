import type { Logger } from "pino";
import { limited } from "../../cluster/limited.ts";
import { pause } from "../../store/deadline.ts";
import { StoreError } from "../../store/store-error.ts";
import type { Entry, Revision, Store } from "../../store/store.ts";

/** Writes under way at once. */
const WRITES_AT_ONCE = 8;
/** Conflicts in a row that are settled at once; more of them wait like failures. */
const QUICK_CONFLICTS = 3;

/** Milliseconds. */
export interface BookTimes {
  /** The pause after the first failure; it doubles with each. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** How long a change waits for its being stored, and the end of the book for all changes. */
  readonly patienceMs: number;
}

/** What the text of an entry turned out to be. */
export type Decoded<T> =
  | { readonly kind: "value"; readonly value: T }
  /** Written by a later version of this program: not ours to read, change or remove. */
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "damaged"; readonly why: string };

/** What is special about one kind of entries. */
export interface Rules<T> {
  readonly keyOf: (swarmId: string) => string;
  /** Whatever the store holds, it does not throw. */
  readonly decode: (swarmId: string, text: string) => Decoded<T>;
  /** Undefined: too large for a store. */
  readonly encode: (value: T) => string | undefined;
  /** Two managers wrote at once: what to keep. Each may have removed it (undefined); no base: there was none when ours was made. */
  readonly merged: (base: T | undefined, ours: T | undefined, theirs: T | undefined) => T | undefined;
}

export interface BookWriterDependencies<T> {
  readonly store: Store;
  readonly log: Logger;
  readonly rules: Rules<T>;
  /** Another manager had written it meanwhile: this is what it is now. */
  readonly settled: (swarmId: string, value: T | undefined) => void;
  readonly random: () => number;
  readonly times: BookTimes;
}

/** A change on its way: the newest only. */
interface Slot<T> {
  value: T | undefined;
  /** Undefined: there must be no entry. */
  text: string | undefined;
  /** Counts changes of this slot. */
  version: number;
  readonly waiters: { readonly version: number; readonly resolve: (stored: boolean) => void }[];
}

/** What the store had when it was last read or written by us. */
interface Known<T> {
  readonly revision: Revision;
  /** Undefined: nothing that could be read. */
  readonly value: T | undefined;
}

/**
 * Brings changes into the store, however long that takes: one write at a time for each entry, the newest change only, again and again.
 *
 * Writes are conditional. Only one manager leads, but a write may be late by an outage of the store, and managers without `--replication` all write
 * what their users ask: if the last writer won, a manager that was cut off could put a container back to where it was before another moved it.
 * A conflict is settled by {@link Rules.merged}.
 */
export class BookWriter<T> implements AsyncDisposable {
  readonly #dependencies: BookWriterDependencies<T>;
  readonly #slots = new Map<string, Slot<T>>();
  readonly #known = new Map<string, Known<T>>();
  /** Entries of a later version: never written. */
  readonly #foreign = new Set<string>();
  readonly #working = new Set<Promise<void>>();
  readonly #inTurn = limited(WRITES_AT_ONCE);
  /** No more pauses: every change has one last attempt. */
  readonly #closing = new AbortController();
  readonly #closed = new AbortController();
  #outage = false;

  constructor(dependencies: BookWriterDependencies<T>) {
    this.#dependencies = dependencies;
  }

  get unsaved(): number {
    return this.#slots.size;
  }

  isUnsaved(swarmId: string): boolean {
    return this.#slots.has(swarmId);
  }

  /** Changes that are not stored yet, by swarm ID. */
  get unsavedIds(): Iterable<string> {
    return this.#slots.keys();
  }

  /** Somebody read the store, while no change was on its way. */
  noteRead(swarmId: string, entry: Entry | undefined, value: T | undefined): void {
    if (entry === undefined) this.#known.delete(swarmId);
    else this.#known.set(swarmId, { revision: entry.revision, value });
  }

  /** Of a later version: left alone from now on. */
  noteForeign(swarmId: string): void {
    this.#foreign.add(swarmId);
  }

  /**
   * Resolves true when it is stored, or a later change is; false when that takes longer than our patience, or cannot be.
   * @param text of it; undefined: it is gone, or too large to be stored
   */
  async write(swarmId: string, value: T | undefined, text: string | undefined): Promise<boolean> {
    if (this.#foreign.has(swarmId) || this.#closing.signal.aborted) return false;
    let slot = this.#slots.get(swarmId);
    if (slot === undefined) {
      slot = { value, text, version: 0, waiters: [] };
      this.#slots.set(swarmId, slot);
      const working = this.#work(swarmId, slot).finally(() => this.#working.delete(working));
      this.#working.add(working);
    } else {
      slot.value = value;
      slot.text = text;
      slot.version++;
    }
    const { version, waiters } = slot;
    const over = new AbortController();
    const stored = new Promise<boolean>((resolve) => waiters.push({ version, resolve }));
    const late = pause(this.#dependencies.times.patienceMs, over.signal).then(() => false);
    try {
      return await Promise.race([stored, late]);
    } finally {
      over.abort();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const over = new AbortController();
    await Promise.race([Promise.all(this.#working), pause(this.#dependencies.times.patienceMs, over.signal)]);
    over.abort();
    this.#closed.abort(new Error("the manager stops"));
    await Promise.all(this.#working);
  }

  async #work(swarmId: string, slot: Slot<T>): Promise<void> {
    for (let failures = 0; ;) {
      const last = this.#closing.signal.aborted;
      const { version } = slot;
      try {
        const stored = await this.#inTurn(() => this.#store(swarmId, slot));
        this.#answer(slot, version, stored);
        if (slot.version === version) break;
        failures = 0;
      } catch (error) {
        this.#failed(error);
        failures++;
        if (last) break;
        await pause(this.#pauseMs(failures), this.#closing.signal);
      }
    }
    this.#slots.delete(swarmId);
    this.#answer(slot, Infinity, false);
    if (this.#slots.size > 0 || !this.#outage || this.#closing.signal.aborted) return;
    this.#outage = false;
    this.#dependencies.log.info("what is wanted of containers is stored again");
  }

  #answer(slot: Slot<T>, version: number, stored: boolean): void {
    const due = slot.waiters.filter((waiter) => waiter.version <= version);
    slot.waiters.splice(0, slot.waiters.length, ...slot.waiters.filter((waiter) => waiter.version > version));
    for (const { resolve } of due) resolve(stored);
  }

  #pauseMs(failures: number): number {
    const { random, times } = this.#dependencies;
    const full = Math.min(times.longestPauseMs, times.firstPauseMs * 2 ** Math.min(failures - 1, 16));
    return full * (0.5 + random() / 2);
  }

  #failed(error: unknown): void {
    if (this.#outage || this.#closed.signal.aborted) return;
    this.#outage = true;
    const { log, store } = this.#dependencies;
    log.warn(
      { err: error, store: store.name },
      "what is wanted of containers cannot be stored: it is tried again until it can; if this manager ends before, it is forgotten",
    );
  }

  /** @returns false: it cannot be stored as it is. @throws StoreError */
  async #store(swarmId: string, slot: Slot<T>): Promise<boolean> {
    for (let conflicts = 0; ; conflicts++) {
      const { value, text } = slot;
      try {
        await this.#write(swarmId, value, text);
        return value === undefined || text !== undefined;
      } catch (error) {
        if (!isConflict(error) || conflicts >= QUICK_CONFLICTS) throw error;
      }
      if (!(await this.#settle(swarmId, slot))) return false;
    }
  }

  async #write(swarmId: string, value: T | undefined, text: string | undefined): Promise<void> {
    const { store, rules } = this.#dependencies;
    const key = rules.keyOf(swarmId);
    const signal = this.#closed.signal;
    const known = this.#known.get(swarmId);
    if (text !== undefined) {
      const when = known === undefined ? "absent" : { revision: known.revision };
      const revision = await store.put(key, text, { when, signal });
      this.#known.set(swarmId, { revision, value });
      return;
    }
    // Never read: look first, since another manager may have moved it.
    if (known === undefined) {
      if ((await store.get(key, { signal })) === undefined) return;
      throw new StoreError("conflict", `${key} has not been read`);
    }
    await store.delete(key, { when: { revision: known.revision }, signal });
    this.#known.delete(swarmId);
  }

  /** Somebody else wrote it. @returns false: it is not ours to write @throws StoreError */
  async #settle(swarmId: string, slot: Slot<T>): Promise<boolean> {
    const { store, rules, log } = this.#dependencies;
    const entry = await store.get(rules.keyOf(swarmId), { signal: this.#closed.signal });
    const decoded = entry && rules.decode(swarmId, entry.value);
    if (decoded?.kind === "newer") {
      this.#foreign.add(swarmId);
      log.warn(
        { key: rules.keyOf(swarmId), version: decoded.version },
        "an entry of a later version is left alone",
      );
      return false;
    }
    const theirs = decoded?.kind === "value" ? decoded.value : undefined;
    const base = this.#known.get(swarmId)?.value;
    if (entry === undefined) this.#known.delete(swarmId);
    else this.#known.set(swarmId, { revision: entry.revision, value: theirs });
    // A damaged entry is as good as none, but for its revision.
    const settled = decoded?.kind === "damaged" ? slot.value : rules.merged(base, slot.value, theirs);
    if (settled !== slot.value) {
      slot.value = settled;
      slot.text = settled && rules.encode(settled);
      this.#dependencies.settled(swarmId, settled);
    }
    return true;
  }
}

const isConflict = (error: unknown): boolean => error instanceof StoreError && error.kind === "conflict";
