import { expect } from "chai";
import { PrefixIndex } from "../../src/cluster/prefix-index.ts";

describe("cluster/prefix-index", () => {
  const filled = (): PrefixIndex<number> => {
    const index = new PrefixIndex<number>();
    for (const [key, value] of [
      ["abcdef", 1],
      ["abcdxx", 2],
      ["abyyyy", 3],
      ["ab", 4],
      ["abcdef", 5],
    ] as const)
      index.add(key, value);
    return index;
  };
  const starting = (index: PrefixIndex<number>, prefix: string): number[] =>
    [...index.startingWith(prefix)].map(([, value]) => value).sort();

  // prettier-ignore
  const cases = [
    { prefix: "",        values: [1, 2, 3, 4, 5] },
    { prefix: "a",       values: [1, 2, 3, 4, 5] },
    { prefix: "abc",     values: [1, 2, 5] },
    { prefix: "abcd",    values: [1, 2, 5] },
    { prefix: "abcde",   values: [1, 5] },
    { prefix: "abcdefg", values: [] },
    { prefix: "aby",     values: [3] },
    { prefix: "b",       values: [] },
  ];
  for (const { prefix, values } of cases) {
    it(`finds ${values.length} keys that start with "${prefix}"`, () =>
      expect(starting(filled(), prefix)).to.deep.equal(values));
  }

  it("finds values by their whole key", () => {
    expect([...filled().get("abcdef")]).to.deep.equal([1, 5]);
    expect([...filled().get("abcd")]).to.deep.equal([]);
  });

  it("holds a value once, however often it is added", () => {
    const index = filled();
    index.add("abcdef", 5);
    index.remove("abcdef", 5);
    expect(starting(index, "abcde")).to.deep.equal([1]);
  });

  it("forgets one value of a key, and others stay", () => {
    const index = filled();
    index.remove("abcdef", 1);
    index.remove("abcdef", 99);
    index.remove("nope", 1);
    expect(starting(index, "abcde")).to.deep.equal([5]);
  });

  it("keeps nothing when everything is removed", () => {
    const index = filled();
    for (const [key, value] of [...index.startingWith("")]) index.remove(key, value);
    expect(starting(index, "")).to.deep.equal([]);
  });
});
