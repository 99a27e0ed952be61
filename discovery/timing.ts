/** Longer timers fire at once in Node. */
const longestTimerMs = 2 ** 31 - 1;

/** Resolves when `signal` aborts. */
export function until(signal: AbortSignal): Promise<void> {
  return pause(Infinity, signal);
}

/** Resolves after `ms` or when `signal` aborts, whichever comes first; leaves no timer or listener behind. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    // An endless pause needs no timer; any other is at most 24.8 days, after which callers simply look again.
    const timer = ms === Infinity ? undefined : setTimeout(done, Math.min(ms, longestTimerMs));
    signal.addEventListener("abort", done);
  });
}
