import { expect } from "chai";
import { startManager, type TestManager } from "../support.ts";

describe("api: /cluster/rebalance", () => {
  let manager: TestManager;
  before(async () => {
    manager = await startManager({ engines: [{ name: "node-1" }, { name: "node-2" }] });
    await manager.ask("POST", "/cluster/nodes/node-2/update", { body: { Availability: "pause" } });
    for (const name of ["aa", "bb", "cc", "dd"])
      await manager.run({ Env: ["reschedule:on-node-failure"] }, name);
    await manager.ask("POST", "/cluster/nodes/node-2/update", { body: { Availability: "active" } });
  });
  after(async () => await manager[Symbol.asyncDispose]());

  // prettier-ignore
  const wrong = [
    { query: "max=0",                says: 'invalid max "0": a number from 1 to 1000 is expected' },
    { query: "max=1001",             says: 'invalid max "1001": a number from 1 to 1000 is expected' },
    { query: "max=1e2",              says: 'invalid max "1e2": a number from 1 to 1000 is expected' },
    { query: "max=-1",               says: 'invalid max "-1": a number from 1 to 1000 is expected' },
    { query: "max=2&parallel=17",    says: 'invalid parallel "17": a number from 1 to 16 is expected', only: "POST" },
  ];
  for (const { query, says, only } of wrong) {
    for (const method of only === undefined ? ["GET", "POST"] : [only]) {
      it(`refuses ${method} ?${query}`, async () => {
        const { status, message } = await manager.ask(method, `/cluster/rebalance?${query}`);
        expect([status, message]).to.deep.equal([400, says]);
      });
    }
  }

  it("shows the plan, changing nothing", async () => {
    const answer = await manager.ask("GET", "/v1.41/cluster/rebalance?max=5");
    const plan = answer.fields();
    expect(answer.status).to.equal(200);
    expect(plan).to.deep.include({
      Strategy: "spread",
      Before: {
        Spread: 2,
        Nodes: [
          { Name: "node-1", Containers: 4, Score: 4 },
          { Name: "node-2", Containers: 0, Score: 0 },
        ],
      },
      Stays: [],
    });
    const moves = plan.Moves as { Name: string; From: string; To: string; SwarmID: string }[];
    expect(moves.map(({ Name, From, To }) => `${Name} ${From}>${To}`)).to.deep.equal([
      "aa node-1>node-2",
      "bb node-1>node-2",
    ]);
    expect(moves[0]?.SwarmID).to.match(/^[0-9a-f]{64}$/);
    expect(manager.engines[1]!.containers.size).to.equal(0);
  });

  it("makes the moves, a line for each step", async () => {
    const { status, text } = await manager.ask("POST", "/cluster/rebalance?max=1");
    expect(status).to.equal(200);
    expect(
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).to.deep.equal([
      { Status: "plan", Moves: 1 },
      { Status: "moving", Name: "aa", From: "node-1", To: "node-2" },
      { Status: "moved", Name: "aa", From: "node-1", To: "node-2" },
      { Status: "done", Moved: 1, Stayed: 0 },
    ]);
    expect(manager.engines[1]!.containers.size).to.equal(1);
  }).timeout(10_000);

  it("answers 409 to a second one", async () => {
    const [first, second] = await Promise.all([
      manager.ask("POST", "/cluster/rebalance"),
      manager.ask("POST", "/cluster/rebalance"),
    ]);
    const refused = [first, second].filter(({ status }) => status === 409);
    expect(refused.map(({ message }) => message)).to.deep.equal(["a rebalance is under way already"]);
    expect((await manager.ask("POST", "/cluster/rebalance")).status).to.equal(200);
  }).timeout(10_000);
});
