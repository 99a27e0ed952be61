import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Backend, Holding, Snapshot } from "./backend.ts";
import { atMost } from "./deadline.ts";
import { tryLockByCas } from "./lock-by-cas.ts";
import type { Entry, PutOptions, Revision, Target } from "./store.ts";
import { Tree } from "./tree.ts";

/** A store in this process's memory, gone with it. Backends of the same tree see the same entries. */
export class MemoryBackend implements Backend {
  readonly #tree: Tree;
  readonly #closing = new AbortController();

  constructor(tree: Tree = new Tree(randomUUID())) {
    this.#tree = tree;
    setMaxListeners(0, this.#closing.signal); // every watch listens to it
  }

  get(key: string): Promise<Entry | undefined> {
    const leaf = this.#tree.get(key);
    return Promise.resolve(leaf && { key, value: leaf.value, revision: leaf.revision });
  }

  async put(key: string, value: string, options: PutOptions): Promise<Revision> {
    return await this.#tree.put(key, value, options);
  }

  async delete(key: string, revision: Revision | undefined): Promise<boolean> {
    return await this.#tree.delete(key, revision);
  }

  async next(target: Target, signal: AbortSignal, since?: Snapshot, waitMs = 0): Promise<Snapshot> {
    if (since?.cursor === this.#state(target).cursor) {
      const signals = [signal, this.#closing.signal];
      await atMost(waitMs, signals, (inner) => this.#tree.changed(target, inner));
    }
    return this.#state(target);
  }

  async tryLock(
    key: string,
    value: string,
    ttlMs: number,
    signal: AbortSignal,
  ): Promise<Holding | undefined> {
    return await tryLockByCas(this, key, value, ttlMs, signal);
  }

  close(): Promise<void> {
    this.#closing.abort();
    return Promise.resolve();
  }

  #state(target: Target): Snapshot & { readonly cursor: string } {
    const entries = this.#tree.list(target).map(({ key, value, revision }) => ({ key, value, revision }));
    const cursor = entries.map(({ key, revision }) => `${key}\n${revision}`).join("\n");
    return { entries, cursor };
  }
}
