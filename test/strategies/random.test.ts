import { expect } from "chai";

import { seeded } from "../support/seeded.ts";
import { candidate, GiB, NO_RESOURCES, outcome, request, scheduler } from "../scheduler/builders.ts";

describe("strategies/random", () => {
  const nodes = ["a", "b", "c"].map((name) => candidate({ name }));

  it("gives every order about equally often", () => {
    const random = seeded(7);
    const counts = new Map<string, number>();
    for (let i = 0; i < 1_800; i += 1) {
      const order = outcome(scheduler({ strategy: "random", random }).place(request(), nodes));
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).to.deep.equal(["a b c", "a c b", "b a c", "b c a", "c a b", "c b a"]);
    for (const count of counts.values()) expect(count).to.be.within(240, 360);
  });

  it("repeats itself with the same generator", () => {
    const once = () => outcome(scheduler({ strategy: "random", random: seeded(3) }).place(request(), nodes));
    expect(once()).to.equal(once());
  });

  it("considers only nodes with room (B14)", () => {
    const full = candidate({ name: "full", usedMemory: 4 * GiB });
    const place = (...on: (typeof full)[]) =>
      outcome(scheduler({ strategy: "random" }).place(request({ memoryBytes: GiB }), on));
    expect(place(full, candidate({ name: "free" }))).to.equal("free");
    expect(place(full)).to.equal(NO_RESOURCES);
  });
});
