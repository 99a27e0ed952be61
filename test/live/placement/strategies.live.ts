import { expect } from "chai";
import { lab } from "../support/fixtures.ts";
import { notPlaced, placed } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

/** How often each node was chosen, by node name. */
function tally(nodes: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const node of nodes) counts[node] = (counts[node] ?? 0) + 1;
  return counts;
}

const twoEach = { "node-1": 2, "node-2": 2, "node-3": 2 };

for (const strategy of ["spread", "binpack", "random"] as const) {
  describe(`--strategy ${strategy}`, () => {
    const manager = useManager({ args: ["--strategy", strategy] });
    /** A bit less than half of what each node has. */
    let memory: string;
    before(async () => {
      const { body } = await lab().engine("node-1").api("GET", "/info");
      memory = String(Math.floor((JSON.parse(body) as { MemTotal: number }).MemTotal * 0.45));
    });
    /** Creates containers one after another and gives the nodes chosen. */
    const sequence = async (count: number, ...flags: readonly string[]) => {
      const nodes: string[] = [];
      for (let made = 0; made < count; made++) nodes.push(await placed(manager().docker, ...flags));
      return nodes;
    };

    it("is named in docker info", async () => {
      const rows = (await manager().info()).SystemStatus as [string, string][];
      expect(Object.fromEntries(rows)).to.include({ Strategy: strategy });
    });

    if (strategy === "spread") {
      it("balances by count", async () => {
        expect(tally(await sequence(6))).to.deep.equal(twoEach);
      });

      it("fills up the emptier nodes first", async () => {
        for (const _ of [1, 2, 3]) await placed(manager().docker, "-e", "constraint:node==node-2");
        const pair = ["-e", "constraint:region==us*"];
        expect(await sequence(3, ...pair)).to.deep.equal(["node-1", "node-1", "node-1"]);
      });

      it("balances memory, until no node has enough", async () => {
        expect(tally(await sequence(6, "-m", memory))).to.deep.equal(twoEach);
        expect((await notPlaced(manager().docker, "-m", memory))[0]).to.equal(
          "no resources available to schedule container",
        );
      });
    }

    if (strategy === "binpack") {
      it("stays on the fullest node while nothing is asked for", async () => {
        await placed(manager().docker, "-e", "constraint:node==node-2");
        expect(await sequence(5)).to.deep.equal(Array.from({ length: 5 }, () => "node-2"));
      });

      it("fills one node after the other, until no node has enough", async () => {
        await placed(manager().docker, "-m", memory, "-e", "constraint:node==node-3");
        const [first, ...rest] = await sequence(5, "-m", memory);
        expect(first).to.equal("node-3");
        expect([rest[0], rest[2]]).to.deep.equal([rest[1], rest[3]]);
        expect(new Set(rest)).to.deep.equal(new Set(["node-1", "node-2"]));
        expect((await notPlaced(manager().docker, "-m", memory))[0]).to.equal(
          "no resources available to schedule container",
        );
      });
    }

    if (strategy === "random") {
      it("uses more than one node, and only nodes that constraints allow", async () => {
        const nodes = await sequence(16, "-e", "constraint:region==us*"); // one in 32 768: all on one node
        expect(new Set(nodes)).to.deep.equal(new Set(["node-1", "node-2"]));
      });
    }
  });
}
