/** One engine that is lost. */
export interface Loss {
  /** The engine, whatever its caller calls it. */
  readonly key: string;
  /** Unix milliseconds. */
  readonly sinceMs: number;
}

/** More than half of all engines at once: rather we are cut off than they are dead (spec: node-lifecycle.md §8 «Mass failure»). */
export interface MassFailure {
  /** The engines lost together. */
  readonly keys: ReadonlySet<string>;
  /** How many engines there are. */
  readonly of: number;
  /** Until when nothing of theirs moves, Unix milliseconds. */
  readonly untilMs: number;
}

/**
 * Finds the latest interval in which more than half of the engines were lost. What it finds holds for one interval more, counted from the last of
 * them, so that a manager which was cut off sees its engines again before it acts.
 * @param total all engines, lost ones included
 * @param intervalMs the longest refresh interval
 */
export function massFailure(
  losses: readonly Loss[],
  total: number,
  intervalMs: number,
): MassFailure | undefined {
  const sorted = losses.toSorted((a, b) => a.sinceMs - b.sinceMs);
  for (let last = sorted.length - 1; last >= 0; last--) {
    const end = sorted[last]?.sinceMs ?? 0;
    const together = sorted.slice(0, last + 1).filter(({ sinceMs }) => end - sinceMs <= intervalMs);
    if (together.length * 2 <= total) continue;
    return { keys: new Set(together.map(({ key }) => key)), of: total, untilMs: end + intervalMs };
  }
  return undefined;
}
