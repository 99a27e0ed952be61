import { expect } from "chai";

import { emptyBits, slotsOf } from "../../../src/scheduler/pool/bits.ts";
import { TextIndex } from "../../../src/scheduler/pool/text-index.ts";
import { seeded } from "../../support/seeded.ts";

const SLOTS = 60;

describe("scheduler/pool/text-index", () => {
  it("knows who has a text, of few and of many, while they come and go", () => {
    const random = seeded(2);
    const index = new TextIndex();
    const held: { text: string; slot: number }[] = [];
    const found = (text: string): number[] => {
      const bits = emptyBits(SLOTS);
      index.collect(text, bits);
      return slotsOf(bits);
    };
    for (let step = 0; step < 6_000; step += 1) {
      // Waves: sometimes nearly all have a text, sometimes hardly any.
      if (random() < (Math.trunc(step / 500) % 2 === 0 ? 0.8 : 0.2) || held.length === 0) {
        const one = { text: random() < 0.8 ? "popular" : "rare", slot: Math.floor(random() * SLOTS) };
        held.push(one);
        index.add(one.text, one.slot);
      } else {
        const [gone] = held.splice(Math.floor(random() * held.length), 1);
        if (gone !== undefined) index.remove(gone.text, gone.slot);
      }
      if (step % 7 !== 0) continue;
      for (const text of ["popular", "rare", "unknown"]) {
        const slots = new Set(held.filter((one) => one.text === text).map(({ slot }) => slot));
        expect(found(text)).to.deep.equal([...slots].sort((a, b) => a - b));
      }
    }
  });

  it("does not mind being told to forget what it does not know", () => {
    const index = new TextIndex();
    index.add("a", 1);
    index.remove("a", 2);
    index.remove("b", 1);
    const bits = emptyBits(SLOTS);
    index.collect("a", bits);
    expect(slotsOf(bits)).to.deep.equal([1]);
  });
});
