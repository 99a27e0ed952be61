import { expect } from "chai";
import { ProjectHomes } from "../../src/api/networks/project-homes.ts";
import type { Engine } from "../../src/cluster/engine.ts";

const PROJECT = "com.docker.compose.project";

/** An engine with so many networks and containers of the project `shop`, and one of each of another. */
function engine(name: string, networks: number, containers: number, Scope = "local"): Engine {
  const labels = [...Array<string>(containers).fill("shop"), "other"].map((value) => ({ [PROJECT]: value }));
  const inventory = {
    networks: [
      ...Array.from({ length: networks }, () => ({ Scope, Labels: { [PROJECT]: "shop" } })),
      { Scope, Labels: { [PROJECT]: "other" } },
      { Scope, Labels: null },
    ],
    containers: new Map(labels.map((each, n) => [String(n), { labels: each }])),
  };
  return { name, cache: { inventory } } as unknown as Engine;
}

describe("api/networks/project-homes", () => {
  // prettier-ignore
  const cases = [
    { it: "is nowhere when the project has nothing",        engines: [engine("a", 0, 0), engine("b", 0, 0)],           home: undefined },
    { it: "is where most of its networks are",              engines: [engine("a", 1, 9), engine("b", 2, 0)],           home: "b" },
    { it: "is among equals where most of its containers are", engines: [engine("a", 1, 1), engine("b", 1, 2)],         home: "b" },
    { it: "is where its containers are when it has no network", engines: [engine("a", 0, 0), engine("b", 0, 1)],       home: "b" },
    { it: "is not where only a network that spans nodes is", engines: [engine("a", 3, 0, "global"), engine("b", 0, 1)], home: "b" },
    { it: "is the first of equals",                         engines: [engine("a", 1, 1), engine("b", 1, 1)],           home: "a" },
  ];
  for (const { it: title, engines, home } of cases) {
    it(title, () => expect(new ProjectHomes().of(engines, "shop")?.name).to.equal(home));
  }

  it("is where its first network is being made, until that has ended", () => {
    const engines = [engine("a", 0, 0), engine("b", 0, 0)] as const;
    const homes = new ProjectHomes();
    const ends = [homes.making("shop", engines[1]), homes.making("shop", engines[1])];
    for (const end of ends) {
      expect(homes.of(engines, "shop")?.name).to.equal("b");
      end();
    }
    expect(homes.of(engines, "shop")).to.equal(undefined);
    homes.making("third", engines[1]);
    expect(homes.of(engines, "shop")).to.equal(undefined);
  });
});
