import type { Holding } from "./backend.ts";
import { bounded, pause } from "./deadline.ts";
import type { Lock } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** What a held lock needs besides the store's part of it. */
export interface HeldLockOptions {
  readonly name: string;
  /** When the request that took the lock was sent, by {@link now}. */
  readonly sentAt: number;
  readonly callTimeoutMs: number;
  readonly now: () => number;
  readonly onEnd: (lock: HeldLock) => void;
}

/**
 * Keeps a lock and knows until when it is certainly ours: nine tenths of the TTL after the last renewal *sent* that the
 * store confirmed. Failures are tried again until that moment; then the lock counts as lost whatever the store thinks.
 *
 *   sent ──── renew ──── renew (fails) ─ retry ─ retry ─────┤ lost │ the store may give it away
 *   0         0.3 TTL    0.6 TTL                         0.9 TTL    TTL
 */
export class HeldLock implements Lock {
  readonly #holding: Holding;
  readonly #options: HeldLockOptions;
  readonly #lost = new AbortController();
  #safeUntil: number;
  #timer: NodeJS.Timeout | undefined;
  #released: Promise<void> | undefined;
  #doubted = new AbortController();

  constructor(holding: Holding, options: HeldLockOptions) {
    this.#holding = holding;
    this.#options = options;
    this.#safeUntil = options.sentAt + holding.ttlMs * 0.9;
    this.#arm();
    void this.#keep();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  get freeWithinMs(): number {
    return this.#holding.freeWithinMs ?? this.#holding.ttlMs;
  }

  held(): boolean {
    if (this.#options.now() >= this.#safeUntil) this.#lose("was not renewed in time");
    return !this.#lost.signal.aborted;
  }

  doubt(): void {
    this.#doubted.abort();
  }

  async release(): Promise<void> {
    this.#lose("was released");
    await this.#released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #keep(): Promise<void> {
    const { name, now, callTimeoutMs } = this.#options;
    const periodMs = this.#holding.ttlMs * 0.3;
    const attemptMs = Math.min(callTimeoutMs, this.#holding.ttlMs * 0.2); // leaves time to ask another server
    await this.#pause(periodMs);
    while (this.held()) {
      const sentAt = now();
      const timeoutMs = Math.max(1, Math.min(attemptMs, this.#safeUntil - sentAt));
      try {
        const ours = await bounded({ name, timeoutMs, signals: [this.lost] }, (signal) =>
          this.#holding.renew(signal),
        );
        if (!this.held()) return; // too late, whatever the answer
        if (!ours) {
          this.#lose("is gone from the store");
          return;
        }
        this.#safeUntil = sentAt + this.#holding.ttlMs * 0.9;
        this.#arm();
        await this.#pause(periodMs - (now() - sentAt));
      } catch {
        await this.#pause(periodMs / 6);
      }
    }
  }

  /** Until it is time, or there is doubt. */
  async #pause(ms: number): Promise<void> {
    await pause(ms, this.lost, this.#doubted.signal);
    if (this.#doubted.signal.aborted) this.#doubted = new AbortController();
  }

  /** The timer lives as long as the lock: whoever holds one wants to hear of its end. */
  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.held() && this.#arm(), this.#safeUntil - this.#options.now());
  }

  #lose(why: string): void {
    if (this.#lost.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#lost.abort(new StoreError("conflict", `the lock of ${this.#options.name} ${why}`));
    this.#options.onEnd(this);
    // Also when it was lost: what is left of it in the store need not stand in anybody's way for a TTL.
    const { name, callTimeoutMs: timeoutMs } = this.#options;
    this.#released = bounded({ name, timeoutMs, signals: [] }, (signal) =>
      this.#holding.release(signal),
    ).catch(() => undefined);
  }
}
