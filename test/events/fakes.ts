import { Writable } from "node:stream";
import type { EventSink } from "../../src/events/event-stream.ts";
import type { Clock, EventNode } from "../../src/events/types.ts";

export const node2: EventNode = {
  name: "node-2",
  id: "J6AP:…|127.0.0.1:5502",
  addr: "127.0.0.1:5502",
  ip: "127.0.0.1",
};

/** Time that moves when told to. */
export class FakeClock implements Clock {
  #now: number;
  readonly #timers = new Set<{ readonly at: number; readonly task: () => void }>();

  constructor(nowMs: number) {
    this.#now = nowMs;
  }
  now(): number {
    return this.#now;
  }
  after(ms: number, task: () => void): () => void {
    const timer = { at: this.#now + ms, task };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }
  /** Moves time on, running what falls due in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [due] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = due.at;
      due.task();
    }
    this.#now = end;
  }
  /** Timers that would still go off. */
  get waiting(): number {
    return this.#timers.size;
  }
}

/** A client: reads at once, or not at all until `read()`. */
export class FakeSink extends Writable implements EventSink {
  status = 0;
  headers: Readonly<Record<string, string>> = {};
  headerFlushed = false;
  received = "";
  /** What it was given, write by write. */
  readonly writes: string[] = [];
  ended = false;
  reading = true;
  #pending: (() => void)[] = [];

  constructor() {
    super({ highWaterMark: 1, decodeStrings: false });
  }
  writeHead(status: number, headers: Readonly<Record<string, string>>): this {
    this.status = status;
    this.headers = headers;
    return this;
  }
  flushHeaders(): void {
    this.headerFlushed = true;
  }
  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.writes.push(chunk);
    const accept = (): void => {
      this.received += chunk;
      done();
    };
    if (this.reading) accept();
    else this.#pending.push(accept);
  }
  override _final(done: () => void): void {
    this.ended = true;
    done();
  }
  /** Takes all that waits, and reads on. */
  read(): void {
    this.reading = true;
    for (const accept of this.#pending.splice(0)) accept();
  }
}

/** Lets the streams' own next-tick work happen. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
