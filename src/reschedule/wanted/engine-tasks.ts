import type { Engine } from "../../cluster/engine.ts";
import { limited } from "../../cluster/limited.ts";

/** Questions asked of one engine at once, for our own purposes. */
const AT_ONCE = 2;

/** Work that asks engines, in the background: few at a time for each engine, so that one that hangs holds up nobody else; each piece once at a time. */
export class EngineTasks implements AsyncDisposable {
  readonly #turns = new WeakMap<Engine, ReturnType<typeof limited>>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #closed = new AbortController();

  /** Fires at the end. */
  get signal(): AbortSignal {
    return this.#closed.signal;
  }

  /** Starts work unless work of this name is under way. A failure is no news: whoever wanted it asks again. */
  start(engine: Engine, name: string, work: () => Promise<void>): void {
    if (this.#running.has(name) || this.#closed.signal.aborted) return;
    let inTurn = this.#turns.get(engine);
    if (inTurn === undefined) this.#turns.set(engine, (inTurn = limited(AT_ONCE)));
    const running = inTurn(() => (this.#closed.signal.aborted ? Promise.resolve() : work()))
      .catch(() => undefined)
      .finally(() => this.#running.delete(name));
    this.#running.set(name, running);
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  /** Nothing new begins. What is under way ends with its engine's deadline, and changes nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new Error("the manager stops"));
    return Promise.resolve();
  }
}
