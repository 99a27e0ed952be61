import type { Registrar } from "../../discovery/types.ts";
import type { AgentWorld } from "./types.ts";

/** Waits between registrations, and cuts the wait short when the source says that the entry is gone. */
export class EntryWatch {
  readonly #address: string;
  readonly #registrar: Registrar;
  readonly #pause: AgentWorld["pause"];
  #following = false;
  #gone = false;
  #wake: () => void = () => undefined;

  constructor(address: string, registrar: Registrar, pause: AgentWorld["pause"]) {
    this.#address = address;
    this.#registrar = registrar;
    this.#pause = pause;
  }

  /** The entry has just been written: from now on it may get lost. */
  follow(stop: AbortSignal): void {
    this.#gone = false;
    if (this.#following) return;
    this.#following = true;
    const ended = (gone: boolean): void => {
      this.#following = false;
      this.#gone = gone && !stop.aborted;
      if (this.#gone) this.#wake();
    };
    this.#registrar.lost(this.#address, stop).then(
      () => ended(true),
      () => ended(false), // against its contract; the next registration asks anew
    );
  }

  /** Waits so long, or until the entry is gone or the signal aborts. @returns whether the entry is gone */
  async rest(ms: number, stop: AbortSignal): Promise<boolean> {
    if (this.#gone || stop.aborted) return this.#gone;
    const waiting = new AbortController();
    this.#wake = () => waiting.abort();
    stop.addEventListener("abort", this.#wake);
    await this.#pause(ms, waiting.signal);
    stop.removeEventListener("abort", this.#wake);
    this.#wake = () => undefined;
    return this.#gone;
  }
}
