/** Numbers from 0 to below 1 that look like chance and are the same in every run. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** So many elements from all over a list, with repetitions; the same in every run. */
export function seededPicks<T>(from: readonly T[], count: number, seed = 1): T[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => from[Math.floor(random() * from.length)]).filter(
    (each): each is T => each !== undefined,
  );
}
