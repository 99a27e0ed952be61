import type { Revision, Store } from "../src/store/store.ts";
import { StoreError } from "../src/store/store-error.ts";
import type { Registrar } from "./types.ts";

/** How often a removal is tried that met another write; each time it looks anew. */
const tries = 3;

/**
 * Entries of agents: the address under a key of the same name, with a TTL (spec: discovery.md §4.1).
 * @param explain puts a failure into the contract's words
 */
export function createKvRegistrar(
  store: Store,
  folder: string,
  explain: (error: unknown) => Error,
): Registrar {
  /** Our last confirmed write of each entry. */
  const written = new Map<string, Revision>();
  const keyOf = (address: string) => `${folder}/${address}`;

  /** Ours is what we wrote last, as far as we know: another agent of this address may have taken over. */
  const remove = async (address: string, signal: AbortSignal): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      const entry = await store.get(keyOf(address), { signal });
      const ours = written.get(address) ?? entry?.revision;
      if (entry?.value !== address || entry.revision !== ours) return;
      try {
        await store.delete(keyOf(address), { signal, when: { revision: ours } });
        return;
      } catch (error) {
        const isConflict = error instanceof StoreError && error.kind === "conflict";
        if (!isConflict || attempt === tries) throw error;
      }
    }
  };
  const explained = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      signal.throwIfAborted();
      throw explain(error);
    }
  };

  return {
    async register(address, ttlMs, signal) {
      written.delete(address); // a write that is not answered may have been done
      const put = store.put(keyOf(address), address, { ttlMs, signal });
      written.set(address, await explained(put, signal));
    },
    async deregister(address, signal) {
      await explained(remove(address, signal), signal);
      written.delete(address);
    },
    async lost(address, signal) {
      for await (const update of store.watch({ key: keyOf(address) }, signal)) {
        if (update.kind === "state" && update.entries[0]?.value !== address) return;
      }
    },
  };
}
