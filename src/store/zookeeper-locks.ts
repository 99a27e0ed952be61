import { randomBytes } from "node:crypto";
import type { Holding } from "./backend.ts";
import { StoreError } from "./store-error.ts";
import type { ZooKeeperNodes } from "./zookeeper-nodes.ts";
import { createMode } from "./zookeeper-wire.ts";

/** The original's names: `_c_` and 32 hexadecimal digits, `-lock-` and the server's number (spec: ha.md §2). */
const childName = /^_c_[0-9a-f]{32}-lock-(-?\d+)$/;

/** Whether a node is one that stands in line for its parent's lock. */
export function isLockChild(name: string): boolean {
  return childName.test(name);
}

/**
 * Locks by the original's protocol: everyone makes an ephemeral child with a number, the lowest number holds the lock and
 * writes its value into the parent. We do not stand in line: who is not first at once leaves and looks again later.
 */
export class ZooKeeperLocks {
  readonly #nodes: ZooKeeperNodes;
  /** Children of ours that may be left although we gave them up, by what their names begin with. */
  readonly #orphans = new Map<string, string>();

  constructor(nodes: ZooKeeperNodes) {
    this.#nodes = nodes;
  }

  /** Takes the lock of a node, made if it is missing; `undefined` when somebody has it. */
  async tryLock(path: string, value: string, signal: AbortSignal): Promise<Holding | undefined> {
    await this.sweep(signal);
    if ((await this.#line(path, signal)).length > 0) return undefined;
    const { timeoutMs } = await this.#nodes.session.ticket();
    const begin = `_c_${randomBytes(16).toString("hex")}-lock-`;
    this.#orphans.set(begin, path); // until we know more
    const child = await this.#nodes.create(`${path}/${begin}`, "", createMode.ephemeralSequential, signal);
    const [first] = await this.#line(path, signal);
    if (child === undefined || !first?.startsWith(begin)) {
      await this.sweep(signal);
      return undefined;
    }
    const written = await this.#nodes.write(path, value, -1, signal);
    if (written === undefined) throw new StoreError("unreachable", `${path} vanished while it was locked`);
    this.#orphans.delete(begin);
    return {
      ttlMs: timeoutMs,
      renew: (renewal) => this.#nodes.exists(child.path, renewal),
      release: async (last) => {
        this.#orphans.set(begin, path);
        await this.#nodes.write(path, "", written.version, last); // unless the next one has written already
        await this.#nodes.remove(child.path, last);
        this.#orphans.delete(begin);
      },
    };
  }

  /** Removes what is left of attempts that were not answered: it would keep everybody out as long as we live. */
  async sweep(signal: AbortSignal): Promise<void> {
    for (const [begin, path] of [...this.#orphans]) {
      try {
        const mine = (await this.#line(path, signal)).filter((name) => name.startsWith(begin));
        for (const name of mine) await this.#nodes.remove(`${path}/${name}`, signal);
        this.#orphans.delete(begin);
      } catch {
        return; // the next connection, or the next attempt
      }
    }
  }

  /** Who stands in line, the holder first. */
  async #line(path: string, signal: AbortSignal): Promise<readonly string[]> {
    const names = (await this.#nodes.children(path, signal)).filter(isLockChild);
    return names.sort((a, b) => numberOf(a) - numberOf(b));
  }
}

function numberOf(name: string): number {
  return Number(childName.exec(name)?.[1]);
}
