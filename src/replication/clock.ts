import { pause } from "../store/deadline.ts";

/** Time and chance as managers among themselves need them; tests bring their own. */
export interface ReplicationClock {
  /** Unix milliseconds. */
  unixMs(): number;
  /** Milliseconds of a clock that never jumps. */
  nowMs(): number;
  /** Waits, or less long when the signal fires; never rejects. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** In [0, 1). */
  random(): number;
}

/** The real ones. */
export const systemReplicationClock: ReplicationClock = {
  unixMs: () => Date.now(),
  nowMs: () => performance.now(),
  pause,
  random: Math.random,
};

/** How long to wait after so many failures in a row: 0.5 s doubling to 5 s, the last half of it by chance (spec: ha.md §3). */
export function standAgainMs(failures: number, clock: Pick<ReplicationClock, "random">): number {
  const full = Math.min(5_000, 500 * 2 ** Math.min(failures, 10));
  return full / 2 + (full / 2) * clock.random();
}

/**
 * Asks whether the machine was suspended since the last question: the time of day then went on while the clock that locks are measured by stood
 * still, by more than `limitMs`. A time of day that is set forward looks the same.
 */
export function suspension(clock: ReplicationClock, limitMs: number): () => boolean {
  const lead = (): number => clock.unixMs() - clock.nowMs();
  let last = lead();
  return () => {
    const before = last;
    last = lead();
    return last - before > limitMs;
  };
}
