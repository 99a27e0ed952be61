/** Are two JSON values the same? The order of an object's keys does not count. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    const others: readonly unknown[] = b;
    return a.every((element, at) => sameJson(element, others[at]));
  }
  return sameObject(a as Json, b as Json);
}

type Json = Readonly<Record<string, unknown>>;

function sameObject(a: Json, b: Json): boolean {
  let left = Object.keys(b).length;
  for (const key of Object.keys(a)) {
    if (!Object.hasOwn(b, key) || !sameJson(a[key], b[key])) return false;
    left--;
  }
  return left === 0;
}
