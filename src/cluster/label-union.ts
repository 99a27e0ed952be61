import { BUILT_IN_LABELS } from "./engine-specs.ts";

/** An engine's labels with those given at run time. Asked by every placement for every engine, so it is made anew only when a part is another. */
export class LabelUnion {
  #own: ReadonlyMap<string, string> | undefined;
  #given: ReadonlyMap<string, string> | undefined;
  #union: ReadonlyMap<string, string> = new Map();

  /** @param given win over the engine's own, but not over the built-in ones */
  of(own: ReadonlyMap<string, string>, given: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    if (given.size === 0) return own;
    if (own !== this.#own || given !== this.#given) {
      this.#own = own;
      this.#given = given;
      this.#union = union(own, given);
    }
    return this.#union;
  }
}

function union(own: ReadonlyMap<string, string>, given: ReadonlyMap<string, string>): Map<string, string> {
  const all = new Map(own);
  for (const [key, value] of given) {
    if (!BUILT_IN_LABELS.includes(key)) all.set(key, value);
  }
  return all;
}
