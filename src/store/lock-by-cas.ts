import type { Backend, Holding } from "./backend.ts";
import type { Revision } from "./store.ts";
import { StoreError } from "./store-error.ts";

/**
 * A lock that is nothing but an entry with a TTL, created only if it is absent and rewritten by revision: the protocol
 * of etcd v2 (spec: ha.md §2), and what memory and files use.
 */
export async function tryLockByCas(
  backend: Pick<Backend, "get" | "put" | "delete">,
  key: string,
  value: string,
  ttlMs: number,
  signal: AbortSignal,
): Promise<Holding | undefined> {
  const first = await unlessConflict(backend.put(key, value, { ttlMs, when: "absent" }, signal));
  if (first === undefined) return undefined;
  let revision: Revision = first;
  let uncertain = false; // a renewal that was not answered may have given the entry another revision
  return {
    ttlMs,
    async renew(renewal) {
      const write = async () => {
        const next = await unlessConflict(backend.put(key, value, { ttlMs, when: { revision } }, renewal));
        if (next !== undefined) revision = next;
        return next !== undefined;
      };
      const wasUncertain = uncertain;
      uncertain = true;
      let ours = await write();
      if (!ours && wasUncertain) {
        // The lock cannot have expired yet, or it would have counted as lost: what is there with our value is ours.
        const found = await backend.get(key, renewal);
        if (found?.value === value) {
          revision = found.revision;
          ours = await write();
        }
      }
      uncertain = false;
      return ours;
    },
    async release(last) {
      if (uncertain) {
        const found = await backend.get(key, last);
        if (found?.value !== value) return;
        revision = found.revision;
      }
      await unlessConflict(backend.delete(key, revision, last));
    },
  };
}

async function unlessConflict<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StoreError && error.kind === "conflict") return undefined;
    throw error;
  }
}
