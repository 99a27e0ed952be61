import { expect } from "chai";

import { ItemList } from "../../../src/scheduler/pool/item-list.ts";
import { emptyBits, slotsOf } from "../../../src/scheduler/pool/bits.ts";
import type { CandidateContainer, Dimension, TextPattern } from "../../../src/scheduler/types.ts";
import { seeded } from "../../support/seeded.ts";
import { candidate, container } from "../builders.ts";

const SLOTS = 3;

const names: Dimension<"containers"> = {
  name: "names",
  of: "containers",
  someText: ({ names: [name = ""] }, node, test) => test(`${node}/${name}`),
};
const rare: TextPattern = {
  source: "rare",
  literal: undefined,
  matches: (text) => text.endsWith("/rare"),
};

describe("scheduler/pool/item-list", () => {
  const random = seeded(4);
  const below = (n: number): number => Math.floor(random() * n);
  const held: CandidateContainer[][] = Array.from({ length: SLOTS }, () => []);
  const list = new ItemList("containers", SLOTS);

  function change(): void {
    const slot = below(SLOTS);
    const containers = [...(held[slot] ?? [])];
    if (containers.length > 4 || (containers.length > 0 && random() < 0.5)) {
      containers.splice(below(containers.length), 1);
    } else containers.push(container(random() < 0.2 ? "rare" : "web"));
    held[slot] = containers;
    list.refresh(slot, `n${slot}`, candidate({ containers }));
  }
  const having = (name: string): number[] =>
    [...held.keys()].filter((slot) => held[slot]?.some(({ names: [own] }) => own === name));
  const nodesWith = (text: string): number[] => {
    const bits = emptyBits(SLOTS);
    list.collect(names, text, bits);
    return slotsOf(bits);
  };

  for (const changes of [1, 5, 100, 2_000, 5_000]) {
    it(`finds patterns and texts ${changes} changes after it was last asked`, () => {
      for (let round = 0; round < 6; round += 1) {
        for (let done = 0; done < changes; done += 1) change();
        expect(slotsOf(list.matching(names, rare))).to.deep.equal(having("rare"));
        expect(nodesWith("n1/rare")).to.deep.equal(having("rare").filter((slot) => slot === 1));
      }
    });
  }
});
