/**
 * Waits for something that cannot be cancelled, but no longer than this; what comes too late is ignored.
 * @param ms 0: as long as the signal lets it
 * @throws Error when the time is up or the signal aborts
 */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  { ms = 0, signal }: { readonly ms?: number; readonly signal: AbortSignal },
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let stop = (): void => undefined;
  const over = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new Error(`${what}: given up`));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
    if (ms > 0) timer = setTimeout(() => reject(new Error(`${what}: no answer in time`)), ms);
  });
  try {
    return await Promise.race([over, promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** Waits for something, but not longer than so many milliseconds; what it comes to is of no interest. Never rejects. */
export async function soon(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  try {
    await Promise.race([over, promise.then(() => undefined)]);
  } catch {
    // As good as over.
  } finally {
    clearTimeout(timer);
  }
}
