import type { ClusterEvent } from "./types.ts";

/** Someone who wants every event from now on. Must not throw and must not block. */
export interface EventListener {
  onEvent(event: ClusterEvent): void;
  /** The hub is closing: no event will follow (E11). */
  onClose(): void;
}

export interface EventHubOptions {
  /** How many past events to keep for `since` (E7). */
  readonly historyCount?: number;
  /** How much text of past events to keep at most, in characters before escaping: labels may be huge. */
  readonly historyChars?: number;
}

const defaults = { historyCount: 1_000, historyChars: 8 * 1024 * 1024 };

/** Where all events of the cluster come together: passed on at once, in order of arrival, and the newest kept for latecomers. */
export class EventHub {
  readonly #listeners = new Set<EventListener>();
  readonly #limits: Required<EventHubOptions>;
  readonly #history: ClusterEvent[] = [];
  #historyChars = 0;
  #closed = false;

  constructor(options: EventHubOptions = {}) {
    this.#limits = { ...defaults, ...options };
  }

  /** Passes an event on and keeps it. Nothing happens once the hub is closed. */
  publish(event: ClusterEvent): void {
    if (this.#closed) return;
    this.#remember(event);
    for (const listener of [...this.#listeners]) listener.onEvent(event);
  }

  /**
   * Listens from now on; the returned function ends it. A closed hub says so at once. Read {@link history} in the same turn to miss nothing and see
   * nothing twice.
   */
  subscribe(listener: EventListener): () => void {
    if (this.#closed) {
      listener.onClose();
      return () => undefined;
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The kept events that happened at `sinceNano` (Unix nanoseconds) or later, in order of arrival. */
  history(sinceNano: bigint): readonly ClusterEvent[] {
    return this.#history.filter((event) => event.timeNano >= sinceNano);
  }

  /** Subscribers now, for `/info`. */
  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Ends every subscription: this manager no longer leads, and who leads sends what comes (E11). What has been is kept for `since`. */
  dismiss(): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.onClose();
  }

  /** Ends every subscription for good: the manager stops. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#history.length = 0;
    this.#historyChars = 0;
    this.dismiss();
  }

  #remember(event: ClusterEvent): void {
    this.#history.push(event);
    this.#historyChars += event.size;
    while (
      this.#history.length > this.#limits.historyCount ||
      this.#historyChars > this.#limits.historyChars
    ) {
      this.#historyChars -= this.#history.shift()?.size ?? 0;
    }
  }
}
