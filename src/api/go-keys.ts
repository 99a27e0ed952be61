/** Two names Go takes for one. Upper case first: it also folds `ſ`, which has no lower case of its own. */
export const fold = (name: string): string => name.toUpperCase().toLowerCase();

/**
 * Engines are written in Go, whose JSON decoder takes `hostconfig` for `HostConfig`. Gives the keys we route on their proper
 * spelling, so that no spelling gets past us; of several spellings the last counts, as there. Other keys stay as they are.
 * @param known in proper spelling
 */
export function withProperKeys<T extends object>(object: T, known: readonly string[]): T {
  const names = new Map(known.map((name) => [fold(name), name]));
  const entries = Object.entries(object);
  const proper = entries.map(([key]) => names.get(fold(key)) ?? key);
  if (proper.every((key, n) => key === entries[n]?.[0])) return object;
  return Object.fromEntries(entries.map(([, value], n) => [proper[n], value as unknown])) as T;
}
