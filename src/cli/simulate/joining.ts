import type { Discovery, DiscoveryUpdate, EngineAddress } from "../../../discovery/types.ts";
import { parseAddress } from "../../../discovery/address.ts";

/** How many engines join at a time: manager and engines share a thread, and an answer that comes too late counts as none. */
const LOT = 40;

/** Names the engines of a simulation to its manager, more of them whenever those before are healthy. */
export class Joining implements Discovery {
  readonly description = "simulated engines";
  readonly notices: readonly string[] = [];
  readonly isKeptAlive = false;
  readonly registrar = undefined;
  readonly #addresses: readonly EngineAddress[];
  #named = LOT;
  #wake: () => void = () => undefined;

  constructor(addresses: readonly string[]) {
    this.#addresses = addresses.map(parseAddress);
  }

  /** So many nodes are healthy: the next may come. */
  healthy(count: number): void {
    if (count + LOT <= this.#named) return;
    this.#named = count + LOT;
    this.#wake();
  }

  async *watch(signal: AbortSignal): AsyncGenerator<DiscoveryUpdate> {
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    for (let told = 0; !signal.aborted;) {
      const named = Math.min(this.#named, this.#addresses.length);
      if (named > told) {
        told = named;
        yield { kind: "entries", addresses: this.#addresses.slice(0, named), warnings: [] };
      } else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
