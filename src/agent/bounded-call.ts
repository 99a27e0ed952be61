import { goDuration } from "../telemetry/go-duration.ts";
import type { AgentWorld } from "./types.ts";

/** An attempt under way when the agent is told to stop gets this much longer, so that its entry is not written after being removed. */
const lastMomentMs = 1000;

/** The bounds of one call. */
export interface Bounds {
  /** Who is called, for the message. */
  readonly whom: string;
  readonly ms: number;
  readonly pause: AgentWorld["pause"];
  /** The agent is to stop: the call has but a moment left. */
  readonly stop?: AbortSignal;
}

/**
 * Runs `work` for at most so long; then its signal fires and nobody waits for it any longer, whether it heeds the signal or not.
 * @throws Error when the time is up; else what `work` throws
 */
export async function boundedCall<T>(
  { whom, ms, pause, stop }: Bounds,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const call = new AbortController();
  const timer = new AbortController();
  const endTimer = (): void => timer.abort();
  stop?.addEventListener("abort", endTimer);
  if (stop?.aborted) endTimer();
  const expiry = async (): Promise<never> => {
    await pause(ms, timer.signal);
    if (stop?.aborted) await pause(lastMomentMs, call.signal);
    throw new Error(stop?.aborted ? "given up: stopping" : `${whom}: no answer within ${goDuration(ms)}`);
  };
  try {
    return await Promise.race([work(call.signal), expiry()]);
  } finally {
    stop?.removeEventListener("abort", endTimer);
    timer.abort();
    call.abort();
  }
}
