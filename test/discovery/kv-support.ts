import { createKvDiscovery } from "../../discovery/kv.ts";
import type { Discovery } from "../../discovery/types.ts";
import type { Snapshot } from "../../src/store/backend.ts";
import { atMost } from "../../src/store/deadline.ts";
import { ManagedStore } from "../../src/store/managed-store.ts";
import { MemoryBackend } from "../../src/store/memory.ts";
import type { Target } from "../../src/store/store.ts";
import { StoreError, type StoreErrorKind } from "../../src/store/store-error.ts";
import { Tree } from "../../src/store/tree.ts";

/** A store in memory that can be down. */
export class BreakableBackend extends MemoryBackend {
  readonly tree: Tree;
  /** Counts the writes that came through. */
  writes = 0;
  #reads = 0;
  #failure: StoreError | undefined;
  #broken = new AbortController();

  constructor(tree = new Tree("1")) {
    super(tree);
    this.tree = tree;
  }

  break(kind: StoreErrorKind = "unreachable", text = "no answer"): void {
    this.#failure = new StoreError(kind, text);
    this.#broken.abort();
  }

  mend(): void {
    this.#failure = undefined;
    this.#broken = new AbortController();
  }

  /** How often a watch or a list has read the store. */
  get reads(): number {
    return this.#reads;
  }

  async untilReads(count: number): Promise<void> {
    while (this.#reads < count) await new Promise((resolve) => setImmediate(resolve));
  }

  override async get(...args: Parameters<MemoryBackend["get"]>): ReturnType<MemoryBackend["get"]> {
    if (this.#failure !== undefined) throw this.#failure;
    return await super.get(...args);
  }

  override async put(...args: Parameters<MemoryBackend["put"]>): ReturnType<MemoryBackend["put"]> {
    if (this.#failure !== undefined) throw this.#failure;
    this.writes++;
    return await super.put(...args);
  }

  override async next(
    target: Target,
    signal: AbortSignal,
    since?: Snapshot,
    waitMs?: number,
  ): Promise<Snapshot> {
    let found: Snapshot | undefined;
    if (this.#failure === undefined) {
      await atMost(60_000, [signal, this.#broken.signal], async (inner) => {
        found = await super.next(target, inner, since, waitMs);
      });
    }
    this.#reads++;
    if (this.#failure !== undefined) throw this.#failure;
    return found!;
  }
}

/** How to open one; all optional. */
export interface KvBenchOptions {
  readonly scheme?: "consul" | "etcd" | "zk";
  readonly place?: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly now?: () => number;
  /** For two programs on one store. */
  readonly backend?: BreakableBackend;
}

/** A discovery over a store in memory, and that store. */
export function kvBench({
  scheme = "etcd",
  place = "s:1",
  options = {},
  now = () => 0,
  backend = new BreakableBackend(),
}: KvBenchOptions = {}): { readonly discovery: Discovery; readonly backend: BreakableBackend } {
  const discovery = createKvDiscovery(
    scheme,
    place,
    { heartbeatMs: 60_000, options, env: {} },
    { now, openStore: ({ scheme: name }) => new ManagedStore(backend, { name: `${name}://s:1` }) },
  );
  return { discovery, backend };
}

/** What a call was refused with; `done` when it was not. */
export async function messageOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "done";
  } catch (error) {
    return (error as Error).message;
  }
}
