import { parseAddress } from "../../discovery/address.ts";
import type { Logger } from "../telemetry/logger.ts";
import { messages } from "../telemetry/messages.ts";
import type { Probe } from "./types.ts";

/** Whether an engine answers at the advertised address; says so in the log when that changes, and registering goes on regardless. */
export class EngineWatch {
  readonly #address: string;
  readonly #probe: Probe;
  readonly #log: Logger;
  #looking: Promise<void> | undefined;
  #fault: string | undefined;
  /** Reasons told since an engine last answered. */
  readonly #told = new Set<string>();

  constructor(address: string, probe: Probe, log: Logger) {
    this.#address = address;
    this.#probe = probe;
    this.#log = log;
  }

  /** Why no engine answers, as of the last look; undefined: one does, or nobody has looked. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Begins a look unless one is under way. Never throws. */
  look(stop: AbortSignal): void {
    this.#looking ??= this.#lookOnce(stop).finally(() => (this.#looking = undefined));
  }

  /** The look under way has ended. */
  async settled(): Promise<void> {
    await this.#looking;
  }

  async #lookOnce(stop: AbortSignal): Promise<void> {
    const fault = await this.#probe(parseAddress(this.#address), stop);
    if (stop.aborted) return;
    this.#fault = fault;
    if (fault === undefined) {
      if (this.#told.size > 0) this.#log.info(messages.engineAnswers(this.#address));
      this.#told.clear();
    } else if (!this.#told.has(fault)) {
      this.#told.add(fault);
      this.#log.warn(messages.engineSilent(this.#address, fault));
    }
  }
}
