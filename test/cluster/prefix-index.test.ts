import { expect } from "chai";
import { PrefixIndex } from "../../src/cluster/prefix-index.ts";
import { seeded } from "../support/seeded.ts";

interface Value {
  readonly id: number;
  readonly keys: readonly string[];
}

describe("cluster/prefix-index", () => {
  const values: readonly Value[] = [
    { id: 1, keys: ["abcdef"] },
    { id: 2, keys: ["abcdxx"] },
    { id: 3, keys: ["abyyyy"] },
    { id: 4, keys: ["ab"] },
    { id: 5, keys: ["abcdef", "xyz"] },
  ];
  const filled = (): PrefixIndex<Value> => {
    const index = new PrefixIndex<Value>(({ keys }) => keys);
    for (const value of values) index.add(value);
    return index;
  };
  const starting = (index: PrefixIndex<Value>, prefix: string): string[] =>
    [...index.startingWith(prefix)].map(([key, { id }]) => `${id} ${key}`).sort();
  const at = (place: number): Value => values[place - 1] ?? { id: 0, keys: [] };

  // prettier-ignore
  const cases = [
    { prefix: "",        found: ["1 abcdef", "2 abcdxx", "3 abyyyy", "4 ab", "5 abcdef", "5 xyz"] },
    { prefix: "a",       found: ["1 abcdef", "2 abcdxx", "3 abyyyy", "4 ab", "5 abcdef"] },
    { prefix: "abc",     found: ["1 abcdef", "2 abcdxx", "5 abcdef"] },
    { prefix: "abcd",    found: ["1 abcdef", "2 abcdxx", "5 abcdef"] },
    { prefix: "abcde",   found: ["1 abcdef", "5 abcdef"] },
    { prefix: "abcdefg", found: [] },
    { prefix: "aby",     found: ["3 abyyyy"] },
    { prefix: "xyz",     found: ["5 xyz"] },
    { prefix: "b",       found: [] },
  ];
  for (const { prefix, found } of cases) {
    it(`finds ${found.length} keys that start with "${prefix}"`, () =>
      expect(starting(filled(), prefix)).to.deep.equal(found));
  }

  it("finds values by their whole key", () => {
    expect([...filled().get("abcdef")].map(({ id }) => id)).to.deep.equal([1, 5]);
    expect([...filled().get("abcd")]).to.deep.equal([]);
  });

  it("holds a value once, however often it is added", () => {
    const index = filled();
    index.add(at(5));
    index.remove(at(5));
    expect(starting(index, "abcde")).to.deep.equal(["1 abcdef"]);
  });

  it("forgets one value of a key, and others stay", () => {
    const index = filled();
    index.remove(at(1));
    index.remove({ id: 99, keys: ["abcdef", "nope"] });
    expect(starting(index, "abcde")).to.deep.equal(["5 abcdef"]);
  });

  it("keeps nothing when everything is removed", () => {
    const index = filled();
    for (const value of values) index.remove(value);
    expect(starting(index, "")).to.deep.equal([]);
  });

  it("finds what a search through all finds, whatever comes and goes", () => {
    const random = seeded(4);
    const text = (): string =>
      Array.from({ length: 1 + Math.floor(random() * 7) }, () => "ab"[Math.floor(random() * 2)]).join("");
    const index = new PrefixIndex<Value>(({ keys }) => keys);
    const model = new Set<Value>();
    for (let id = 0; id < 2_000; id++) {
      const [oldest] = model;
      if (oldest !== undefined && (model.size > 30 || random() < 0.4)) {
        model.delete(oldest);
        index.remove(oldest);
      } else {
        const value = { id, keys: [...new Set([text(), text()])] };
        model.add(value);
        index.add(value);
      }
      const prefix = random() < 0.1 ? "" : text();
      const all = [...model].flatMap((value) => value.keys.map((key) => `${value.id} ${key}`));
      expect(starting(index, prefix)).to.deep.equal(
        all.filter((one) => one.slice(one.indexOf(" ") + 1).startsWith(prefix)).sort(),
      );
    }
  });
});
