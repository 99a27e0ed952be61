import { StoreError } from "./store-error.ts";

/** The bounds of one call. */
export interface Bounds {
  /** Begins the message when time is up. */
  readonly name: string;
  readonly timeoutMs: number;
  /** Each ends the call, which then rejects with its reason. */
  readonly signals: readonly (AbortSignal | undefined)[];
}

/**
 * Runs `work` until it ends, its time is up or a signal fires, whichever is first; then its own signal fires and nobody
 * waits for it any longer.
 * @throws {StoreError} `unreachable` when the time is up; else what `work` or the signal says.
 */
export async function bounded<T>(bounds: Bounds, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signals = bounds.signals.filter((signal) => signal !== undefined);
  for (const signal of signals) signal.throwIfAborted();
  const inner = new AbortController();
  const { promise: ended, reject } = deferred();
  const stop = (reason: unknown) => {
    reject(reason instanceof Error ? reason : new Error(String(reason)));
    inner.abort(reason);
  };
  const onAbort = ({ target }: Event) => stop((target as AbortSignal).reason);
  for (const signal of signals) signal.addEventListener("abort", onAbort);
  const timer = setTimeout(() => {
    const seconds = bounds.timeoutMs / 1000;
    stop(new StoreError("unreachable", `${bounds.name} did not answer within ${seconds} s`));
  }, bounds.timeoutMs);
  try {
    return await Promise.race([work(inner.signal), ended]);
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener("abort", onAbort);
  }
}

/** Waits, or less long when a signal fires; never rejects. */
export async function pause(ms: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  if (signals.some((signal) => signal?.aborted)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const signal of signals) signal?.addEventListener("abort", done);
  });
}

/** Resolves when the signal fires. */
export async function until(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Waits for `work`, for at most `ms`, or until a signal fires; then its own signal fires. Rejects only if `work` does. */
export async function atMost(
  ms: number,
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const inner = new AbortController();
  const over = pause(ms, inner.signal, ...signals);
  try {
    await Promise.race([work(inner.signal), over]);
  } finally {
    inner.abort();
  }
}

/** How long to wait after so many failures in a row: 0.1 s doubling to 5 s, the last half of it by chance. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(5000, 100 * 2 ** Math.min(failures - 1, 10));
  return full / 2 + (full / 2) * random();
}

function deferred(): { promise: Promise<never>; reject: (reason: Error) => void } {
  let reject: (reason: Error) => void = () => undefined;
  const promise = new Promise<never>((_, rejects) => (reject = rejects));
  promise.catch(() => undefined); // nobody listens when the work ends first
  return { promise, reject };
}
