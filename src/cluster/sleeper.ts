/** The pauses of one loop. A wake-up that comes while the loop is busy is not lost: the next pause is skipped. */
export class Sleeper {
  #end: (() => void) | undefined;
  #woken = false;

  wake(): void {
    if (this.#end === undefined) this.#woken = true;
    else this.#end();
  }

  /** Waits so many milliseconds; the signal, or {@link wake}, ends the wait early. Never rejects. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#end = () => {
          clearTimeout(timer);
          resolve();
        };
        signal.addEventListener("abort", this.#end);
      });
      if (this.#end !== undefined) signal.removeEventListener("abort", this.#end);
      this.#end = undefined;
    }
    this.#woken = false;
  }
}
