import type {
  DeleteOptions,
  Entry,
  Lock,
  PutOptions,
  Revision,
  Store,
  WatchUpdate,
} from "../../src/store/store.ts";
import { StoreError } from "../../src/store/store-error.ts";

/** A store whose watch shows what the test wants, when it wants. */
export class HandFedStore implements Store {
  readonly name = "fake://store";
  readonly entries = new Map<string, Entry>();
  /** Everything asked, `put docker/…`. */
  readonly asked: string[] = [];
  /** Every call rejects with it. */
  failure: StoreError | undefined;
  /** Runs before a write is looked at: another manager may be faster. */
  beforeWrite: (() => void) | undefined;
  /** Awaited by every read between looking and answering. */
  beforeRead: (() => Promise<void> | void) | undefined;
  #revision = 0;
  #watcher: ((update: WatchUpdate) => void) | undefined;
  readonly #waiting: WatchUpdate[] = [];

  /** As another manager would. */
  write(key: string, value: string): Entry {
    const entry = { key, value, revision: String(++this.#revision) };
    this.entries.set(key, entry);
    return entry;
  }

  /** The watch tells this; without `entries` what there is. */
  show(entries: readonly Entry[] = [...this.entries.values()]): void {
    this.#feed({ kind: "state", entries });
  }

  breakDown(text: string): void {
    this.#feed({ kind: "error", error: new StoreError("unreachable", text) });
  }

  async get(key: string): Promise<Entry | undefined> {
    this.asked.push(`get ${key}`);
    const entry = this.entries.get(key);
    await this.beforeRead?.();
    this.#mayFail();
    return entry;
  }

  list(): Promise<readonly Entry[]> {
    this.#mayFail();
    return Promise.resolve([...this.entries.values()]);
  }

  put(key: string, value: string, { when }: PutOptions = {}): Promise<Revision> {
    this.asked.push(`put ${key}`);
    return this.#checked(key, when, () => this.write(key, value).revision);
  }

  delete(key: string, { when }: DeleteOptions = {}): Promise<boolean> {
    this.asked.push(`delete ${key}`);
    return this.#checked(key, when, () => this.entries.delete(key));
  }

  async *watch(_target: unknown, signal: AbortSignal): AsyncIterable<WatchUpdate> {
    while (!signal.aborted) {
      const update =
        this.#waiting.shift() ??
        (await new Promise<WatchUpdate | undefined>((resolve) => {
          this.#watcher = resolve;
          signal.addEventListener("abort", () => resolve(undefined), { once: true });
        }));
      if (update !== undefined) yield update;
    }
  }

  lock(): Promise<Lock> {
    return Promise.reject(new Error("nobody locks here"));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #feed(update: WatchUpdate): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    if (watcher === undefined) this.#waiting.push(update);
    else watcher(update);
  }

  async #checked<T>(key: string, when: PutOptions["when"], write: () => T): Promise<T> {
    await Promise.resolve();
    this.#mayFail();
    this.beforeWrite?.();
    const now = this.entries.get(key)?.revision;
    const holds = when === undefined || (when === "absent" ? now === undefined : now === when.revision);
    if (!holds) throw new StoreError("conflict", `${key} was written meanwhile`);
    return write();
  }

  #mayFail(): void {
    if (this.failure !== undefined) throw this.failure;
  }
}
