import { StoreError } from "../../../src/store/store-error.ts";
import type { Entry, Store, WatchUpdate } from "../../../src/store/store.ts";
import { eventually } from "../../lab/eventually.ts";

export type { Store } from "../../../src/store/store.ts";

/** A kind of store, running, and how to get at it. */
export interface StoreUnderTest {
  /** A TTL the store honours, as short as it can. */
  readonly ttlMs: number;
  /** How long an entry stays at least; by default nearly its TTL. */
  readonly keepsAtLeastMs?: number;
  /** The same for locks. */
  readonly lockTtlMs: number;
  /**
   * Another client of the same data. Its calls take at most a second, its watches look every half second. `address`: where
   * it finds the server instead of {@link StoreUnderTest.address}.
   */
  open(options: { readonly prefix: string; readonly address?: string | undefined }): Promise<Store>;
  /** Where the server listens, if there is one. */
  readonly address?: string;
  /** For another process: what `openStore` takes. Absent: the store cannot be shared between processes. */
  readonly url?: string;
  readonly options?: Readonly<Record<string, string>>;
  /** Absent: there is no server that could break. */
  readonly server?: FaultyServer;
  /** Removes the history that a watch may want to go on from. */
  readonly compact?: () => Promise<void>;
  /** What an operator does to end somebody's hold; by default: deletes the key. */
  readonly breakLock?: (prefix: string, key: string) => Promise<void>;
  dispose(): Promise<void>;
}

/** A server whose death and return is part of the test. */
export interface FaultyServer {
  readonly running: boolean;
  /** Ends it at once (SIGKILL); its data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port with its data. */
  restart(): Promise<void>;
  /** Connections stay open, nothing is answered (SIGSTOP). */
  freeze(): void;
  thaw(): void;
}

/** Short bounds for all live stores: faults are to be noticed while a test runs. */
export const quick = { callTimeoutMs: 1000, watchPollMs: 500 } as const;

/** What a call was refused with. */
export async function rejection(call: Promise<unknown>): Promise<StoreError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error("the call was not refused");
}

/** {@link eventually} for what a store does by itself within seconds. */
export async function until(what: string, ask: () => Promise<boolean> | boolean): Promise<void> {
  await eventually(what, ask, 30_000, 50);
}

/** Everything a watch has said so far. */
export class Watched {
  readonly updates: WatchUpdate[] = [];
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();

  constructor(store: Store, target: Parameters<Store["watch"]>[0]) {
    this.ended = (async () => {
      for await (const update of store.watch(target, this.#stop.signal)) this.updates.push(update);
    })();
  }

  /** Waits for a state with these values, yielded after `from` updates; gives how many updates there were by then. */
  async sees(values: readonly string[], from = 0): Promise<number> {
    let found = -1;
    const wanted = JSON.stringify(values);
    await until(`the watch says ${wanted}; it said ${this.text()}`, () => {
      found = this.updates.findIndex(
        (update, index) =>
          index >= from && update.kind === "state" && JSON.stringify(valuesOf(update.entries)) === wanted,
      );
      return found >= 0;
    });
    return found + 1;
  }

  /** Waits for a reported failure after `from` updates. */
  async fails(from = 0): Promise<number> {
    let found = -1;
    await until("the watch reports a failure", () => {
      found = this.updates.findIndex((update, index) => index >= from && update.kind === "error");
      return found >= 0;
    });
    return found + 1;
  }

  text(): string {
    return this.updates
      .map((update) => (update.kind === "state" ? valuesOf(update.entries).join(",") : update.error.message))
      .join(" | ");
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }
}

function valuesOf(entries: readonly Entry[]): string[] {
  return entries.map(({ value }) => value);
}
