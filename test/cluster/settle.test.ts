import { expect } from "chai";
import type { SimulatedEngine } from "../../bench/fleet/index.ts";
import { eventually, startWorld, type World } from "./world.ts";

describe("cluster: settling before a list", () => {
  let world: World;
  let [first, second]: SimulatedEngine[] = [];
  beforeEach(async () => {
    world = startWorld({ settings: { refreshMinMs: 60_000, refreshMaxMs: 60_000, failureRetry: 2 } });
    first = await world.engine({ containers: [{ name: "web" }] });
    second = await world.engine({ containers: [{ name: "db" }] });
    world.set(first, second);
    for (const engine of [first, second]) await world.until(engine, "Healthy");
    first.exitContainer("web", 3);
    await eventually("the end is known", () => world.heard.includes("die web"));
  });
  afterEach(() => world[Symbol.asyncDispose]());
  const lists = (): readonly (number | undefined)[] =>
    [first, second].map((engine) => engine?.count("GET /containers/json"));
  const more = (before: readonly (number | undefined)[]): readonly number[] =>
    lists().map((count, at) => (count ?? 0) - (before[at] ?? 0));

  it("asks the engines of which events have told, once, and no others", async () => {
    const before = lists();
    await Promise.all([world.cluster.settle(), world.cluster.settle()]);
    await world.cluster.settle();
    expect(more(before)).to.deep.equal([1, 0]);
    const entry = world.cluster.containers.resolve("web")?.summary;
    expect(entry?.Status).to.match(/^Exited \(3\)/);
  });

  it("asks no engine that has left the cluster", async () => {
    if (second === undefined) throw new Error("no engine");
    const before = lists();
    world.set(second);
    await world.cluster.settle();
    expect(more(before)).to.deep.equal([0, 0]);
  });
});
