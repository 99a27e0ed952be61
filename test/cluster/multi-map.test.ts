import { expect } from "chai";
import { MultiMap } from "../../src/cluster/multi-map.ts";
import { seeded } from "../api/views/listing/world.ts";

describe("cluster/multi-map", () => {
  it("holds what a map of sets holds, in its order", () => {
    const random = seeded(1);
    const keys = ["a", "b", "c"];
    const values = Array.from({ length: 4 }, (_, id) => ({ id }));
    const map = new MultiMap<string, (typeof values)[number]>();
    const model = new Map(keys.map((key) => [key, new Set<(typeof values)[number]>()]));
    for (let step = 0; step < 3_000; step++) {
      const key = keys[Math.floor(random() * keys.length)] ?? "";
      const value = values[Math.floor(random() * values.length)];
      if (value === undefined) continue;
      if (random() < 0.45) {
        map.add(key, value);
        model.get(key)?.add(value);
      } else {
        map.remove(key, value);
        model.get(key)?.delete(value);
      }
      for (const each of keys) expect([...map.get(each)]).to.deep.equal([...(model.get(each) ?? [])]);
    }
  });

  it("has nothing of a key it does not know", () => expect(new MultiMap().get("x").size).to.equal(0));
});
