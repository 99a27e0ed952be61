import type { EngineCache } from "./engine-cache.ts";
import { ignoreRefusal } from "./ignore-refusal.ts";

/**
 * What one sweep after another looks at while nothing speaks against an engine and its events are followed: one thing each, by a single request,
 * which shows as well as a ping that it is there. The events have told everything; this only makes sure, and reads what lists show of what they told.
 */
export class QuietLooks {
  readonly #cache: EngineCache;
  readonly #looks: readonly (() => Promise<void>)[];
  #next = 0;
  /** Took the place of another look the last time. */
  #cutIn = false;

  /** @param settings reads what the engine says of itself, by one request */
  constructor(cache: EngineCache, settings: () => Promise<void>) {
    const containers = (): Promise<void> => cache.readAll("changed-containers");
    this.#cache = cache;
    this.#looks = [
      containers,
      settings,
      () => ignoreRefusal(cache.refreshNetworks()),
      containers,
      () => cache.refreshImages(),
      () => ignoreRefusal(cache.refreshVolumes()),
    ];
  }

  /** @throws EngineUnreachableError, EngineResponseError when the engine refuses what every engine must show */
  async next(): Promise<void> {
    // Every other time at most: on an engine where something happens all the time, the others have their turns, too.
    this.#cutIn = !this.#cutIn && !this.#cache.told.isSettled;
    if (this.#cutIn) await this.#cache.readAll("changed-containers");
    else await this.#looks[this.#next++ % this.#looks.length]?.();
  }
}
