import { setTimeout as pause } from "node:timers/promises";
import type { TlsIdentity } from "../../tls/identity.ts";
import { parsePrimary } from "./primary-address.ts";
import { PrimaryTarget } from "./primary-target.ts";

/** A manager that was primary must answer a ping within this, or what still runs through it is cut, milliseconds. */
const PING_MS = 2_000;
/** Between two such pings, milliseconds. */
const WATCH_MS = 5_000;

export interface PrimariesOptions {
  readonly tls: TlsIdentity | undefined;
  readonly random?: () => number;
  readonly pingMs?: number;
  readonly watchMs?: number;
}

/** A manager that is no longer primary, and still serves what began through it. */
interface Former {
  readonly target: PrimaryTarget;
  /** Ends the watch. */
  readonly over: AbortController;
}

/**
 * The managers we relay to: the present primary, and former ones as long as exchanges with them last. A former one that stopped answering would
 * keep its clients waiting for ever: then those exchanges are cut.
 */
export class Primaries {
  readonly #options: PrimariesOptions;
  #present: PrimaryTarget | undefined;
  readonly #former = new Map<string, Former>();
  readonly #forgetReloads: () => void;

  constructor(options: PrimariesOptions) {
    this.#options = options;
    this.#forgetReloads =
      options.tls?.onReload(() => {
        for (const target of this.#targets()) target.dropIdle();
      }) ?? ((): void => undefined);
  }

  /** Exchanges with former primaries that are under way; for tests. */
  get formerExchanges(): number {
    return [...this.#former.values()].reduce((sum, { target }) => sum + target.exchanges, 0);
  }

  /** The address of whom we relay to; undefined: nobody yet. */
  get present(): string | undefined {
    return this.#present?.addr;
  }

  /**
   * How to reach the manager at an address, which is the primary from now on.
   * @throws Error when it is no address
   */
  at(addr: string): PrimaryTarget {
    if (this.#present?.addr === addr) return this.#present;
    this.leave();
    const former = this.#former.get(addr);
    if (former !== undefined) {
      this.#former.delete(addr);
      former.over.abort();
      former.target.keepIdle(true);
      return (this.#present = former.target);
    }
    const address = parsePrimary(addr);
    if (address === undefined) throw new Error("this is no address");
    return (this.#present = new PrimaryTarget(addr, address, this.#options.tls));
  }

  /** Whom we relayed to is the primary no longer. */
  leave(): void {
    const target = this.#present;
    if (target === undefined) return;
    this.#present = undefined;
    target.keepIdle(false);
    const over = new AbortController();
    this.#former.set(target.addr, { target, over });
    target.whenIdle(() => over.abort());
    void this.#watch(target, over);
  }

  /** Cuts everything. */
  dispose(): void {
    this.#forgetReloads();
    for (const target of this.#targets()) target.cut();
    for (const { over } of this.#former.values()) over.abort();
    this.#former.clear();
    this.#present = undefined;
  }

  *#targets(): Generator<PrimaryTarget> {
    if (this.#present !== undefined) yield this.#present;
    for (const { target } of this.#former.values()) yield target;
  }

  /** Ends with the last exchange, or when the manager is primary again. */
  async #watch(target: PrimaryTarget, over: AbortController): Promise<void> {
    const { pingMs = PING_MS, watchMs = WATCH_MS, random = Math.random } = this.#options;
    while (!over.signal.aborted) {
      if (!(await target.answers(pingMs))) break;
      await pause(watchMs * (0.75 + random() / 2), undefined, { signal: over.signal }).catch(() => undefined);
    }
    if (this.#former.get(target.addr)?.over !== over) return;
    this.#former.delete(target.addr);
    target.cut();
  }
}
