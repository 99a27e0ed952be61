import { pino, type Logger } from "pino";
import { ManagedStore } from "../../../src/store/managed-store.ts";
import { MemoryBackend } from "../../../src/store/memory.ts";
import { StoreError } from "../../../src/store/store-error.ts";
import type { PutOptions, Revision, Store } from "../../../src/store/store.ts";
import { Tree } from "../../../src/store/tree.ts";
import type { WantedContainer } from "../../../src/reschedule/wanted/wanted.ts";

/** 64 hex digits from a short word of them. */
export const id = (digits: string): string => digits.repeat(64).slice(0, 64);

/** A container that is wanted running on node-1. */
export function wanted(part: Partial<WantedContainer> = {}): WantedContainer {
  return {
    swarmId: id("a"),
    name: "web",
    policy: "on-node-failure",
    run: "running",
    last: place("1"),
    formerIds: [],
    create: { body: { Image: "busybox" }, query: "name=web", apiVersion: "1.41" },
    networks: undefined,
    localNetworks: [],
    updatedMs: 1_000,
    ...part,
  };
}

/** The place of a copy. */
export const place = (digits: string, node = "node-1"): WantedContainer["last"] => ({
  containerId: id(digits),
  engineId: `ID-${node}`,
  addr: `${node}:2375`,
  node,
});

/** A store whose writes fail while somebody says so. */
export class Faulty extends MemoryBackend {
  /** Of every write, before anything is written. */
  failure: Error | undefined;
  /** Keys whose writes fail in any case end like this. */
  refused: string | undefined;
  /** Writes that were asked for, failed ones too: `put docker/…`. */
  readonly writes: string[] = [];
  /** When set, every write waits for it. */
  gate: Promise<void> | undefined;

  override async put(key: string, value: string, options: PutOptions): Promise<Revision> {
    await this.#pass(`put ${key}`);
    return await super.put(key, value, options);
  }

  override async delete(key: string, revision: Revision | undefined): Promise<boolean> {
    await this.#pass(`delete ${key}`);
    return await super.delete(key, revision);
  }

  async #pass(write: string): Promise<void> {
    this.writes.push(write);
    await this.gate;
    if (this.failure !== undefined) throw this.failure;
    if (this.refused !== undefined && write.endsWith(this.refused)) throw new StoreError("failed", "no");
  }
}

/** Stores of several managers over the same entries. */
export function stores(): { readonly backend: Faulty; readonly open: () => Store } {
  const tree = new Tree("test");
  const backend = new Faulty(tree);
  return { backend, open: () => new ManagedStore(backend, { name: "memory://" }) };
}

export const unreachable = (): StoreError => new StoreError("unreachable", "no answer");

/** A log, and its lines: `warn text`. */
export function collectedLog(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const write = (line: string): void => {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string };
    lines.push(`${pino.levels.labels[level] ?? ""} ${msg}`);
  };
  return { log: pino({ level: "info", base: null }, { write }), lines };
}
