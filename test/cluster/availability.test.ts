import { expect } from "chai";
import type { NodeSettings } from "../../src/cluster/node-settings.ts";
import { startWorld, wanted, type World } from "./world.ts";

describe("cluster: what operators say of nodes", function () {
  // A loaded machine takes its time; `eventually` says what was missing before this does.
  this.timeout(20_000);

  let world: World;
  const settings = new Map<string, NodeSettings>();
  const listeners = new Set<(engineId: string) => void>();
  const tell = (engineId: string): void => listeners.forEach((listener) => listener(engineId));
  beforeEach(async () => {
    settings.clear();
    const nodes = {
      of: (engineId: string) => settings.get(engineId),
      onChange: (listener: (engineId: string) => void) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    };
    world = startWorld({ nodes });
    const engines = await Promise.all([1, 2].map(() => world.engine({ labels: { rack: "r1" } })));
    world.set(...engines);
    await Promise.all(engines.map((engine) => world.until(engine, "Healthy")));
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
    expect(listeners.size).to.equal(0);
  });

  const engine = (name: string) => world.cluster.member(name)!;
  function say(name: string, said: Partial<NodeSettings>): void {
    const { engineId } = engine(name);
    settings.set(engineId, { availability: "active", labels: new Map(), ...said });
    tell(engineId);
  }
  function place(parts: Parameters<typeof wanted>[0] = {}): string {
    const result = world.cluster.place(wanted(parts), "", {});
    return result.kind === "placed" ? result.reservation.engine.name : result.refusal.message;
  }

  it("keeps new containers off a node, and brings them back, at once", () => {
    say("node-1", { availability: "pause" });
    expect([place(), place()]).to.deep.equal(["node-2", "node-2"]);
    say("node-2", { availability: "drain" });
    expect(place()).to.equal("No node that fits takes new containers: node-2 is drained, node-1 is paused");
    settings.clear();
    for (const { engineId } of world.cluster.engines) tell(engineId);
    expect(place()).to.equal("node-1");
  });

  it("gives nodes labels that constraints see, beside and over the engine's own", () => {
    say("node-2", { labels: new Map([["storage", "ssd"], ["rack", "r2"]]) }); // prettier-ignore
    expect(place({ constraints: ["storage==ssd"] })).to.equal("node-2");
    expect(place({ constraints: ["rack==r2"] })).to.equal("node-2");
    expect(place({ constraints: ["rack==r1"] })).to.equal("node-1");
    expect(engine("node-2").ownLabels.get("rack")).to.equal("r1");
  });

  it("limits the containers of a node by the label containerslots", () => {
    say("node-1", { labels: new Map([["containerslots", "0"]]) });
    expect([place(), place()]).to.deep.equal(["node-2", "node-2"]);
  });
});
