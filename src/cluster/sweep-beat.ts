/** So many beats the longest interval has: with the default one, a beat a second. */
const BEATS = 60;
/** From so many engines on there are more beats, so that not too many sweeps come at one. */
const ENGINES = 1_000;

/**
 * How far the moments are apart at which engines that are watched may be swept, milliseconds. A sweep that finds nothing new takes a fraction of a millisecond
 * when others came right before it, and a whole one with the processor's caches cold, its clock slow and its pages aside; and there is one a minute for
 * each engine, for ever.
 */
export const beatMs = (refreshMaxMs: number, engines: number): number =>
  refreshMaxMs / BEATS / Math.max(1, engines / ENGINES);

/** The delay up to the next beat. @param now of the clock that all engines share, milliseconds */
export const onBeat = (delayMs: number, now: number, beat: number): number =>
  Math.ceil((now + delayMs) / beat) * beat - now;
