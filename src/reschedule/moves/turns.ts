import { within } from "../../cluster/within.ts";

/** Lets those who want one of the same things go one after the other. */
export class Turns {
  readonly #taken = new Map<string, Promise<void>>();

  /**
   * Waits until all of these are free, and takes them. Those who ask for several take them in one order, so nobody waits for ever.
   * @returns lets go of them; more than once does no harm
   * @throws Error when the signal aborts
   */
  async take(keys: Iterable<string>, signal: AbortSignal): Promise<() => void> {
    const free: (() => void)[] = [];
    const release = (): void => free.splice(0).forEach((each) => each());
    try {
      for (const key of [...new Set(keys)].sort()) free.push(await this.#takeOne(key, signal));
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  async #takeOne(key: string, signal: AbortSignal): Promise<() => void> {
    for (let other = this.#taken.get(key); other !== undefined; other = this.#taken.get(key)) {
      await within("waiting for its turn", other, { signal }).catch(() => signal.throwIfAborted());
    }
    signal.throwIfAborted();
    let free = (): void => undefined;
    const turn = new Promise<void>((resolve) => (free = resolve));
    this.#taken.set(key, turn);
    return () => {
      this.#taken.delete(key);
      free();
    };
  }
}
