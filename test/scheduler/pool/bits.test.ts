import { expect } from "chai";

import {
  countBits,
  emptyBits,
  hasBit,
  intersect,
  isEmptyBits,
  putBit,
  slotsOf,
  type Bits,
} from "../../../src/scheduler/pool/bits.ts";
import { seeded } from "../../support/seeded.ts";

const SLOTS = 100;

const bitsOf = (slots: Iterable<number>): Bits => {
  const bits = emptyBits(SLOTS);
  for (const slot of slots) putBit(bits, slot, true);
  return bits;
};

describe("scheduler/pool/bits", () => {
  const random = seeded(1);
  const some = (): Set<number> =>
    new Set(Array.from({ length: SLOTS }, (_, slot) => slot).filter(() => random() < 0.4));

  it("agrees with sets", () => {
    for (let round = 0; round < 50; round += 1) {
      const [a, b] = [some(), some()];
      const bits = bitsOf(a);
      expect(slotsOf(bits)).to.deep.equal([...a]);
      expect(countBits(bits)).to.equal(a.size);
      expect(slotsOf(intersect(bits, bitsOf(b)))).to.deep.equal([...a].filter((slot) => b.has(slot)));
      expect(slotsOf(intersect(bits, bitsOf(b), false))).to.deep.equal([...a].filter((slot) => !b.has(slot)));
      for (let slot = 0; slot < SLOTS; slot += 1) expect(hasBit(bits, slot)).to.equal(a.has(slot));
      for (const slot of a) putBit(bits, slot, false);
      expect(isEmptyBits(bits)).to.equal(true);
    }
  });

  it("gives the same set back when nothing is lost, and never changes it", () => {
    const bits = bitsOf([0, 31, 32, 63, 99]);
    expect(intersect(bits, bitsOf([0, 31, 32, 63, 99, 5]))).to.equal(bits);
    expect(intersect(bits, bitsOf([1, 2]), false)).to.equal(bits);
    expect(slotsOf(intersect(bits, bitsOf([31])))).to.deep.equal([31]);
    expect(slotsOf(bits)).to.deep.equal([0, 31, 32, 63, 99]);
  });

  it("has nothing before its first slot", () => expect(hasBit(bitsOf([31]), -1)).to.equal(false));
});
