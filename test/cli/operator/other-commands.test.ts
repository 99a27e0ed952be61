import { expect } from "chai";
import { fakeManager, json, refusing } from "./fake-manager.ts";

const now = () => new Date("2026-11-21T17:01:00Z");

describe("cli/operator: reschedule", () => {
  const moves = [
    {
      SwarmID: "a".repeat(64),
      Name: "web",
      ContainerID: "b".repeat(64),
      From: "node-1",
      Reason: "node-failure",
      State: "waiting",
      Since: "2026-11-21T17:00:00Z",
      Attempts: 3,
      LastError: "no resources available to schedule container",
      NextTry: "2026-11-21T17:01:30Z",
    },
    {
      Name: "db",
      ContainerID: "c",
      From: "node-1",
      Reason: "drain",
      State: "held",
      Since: "2026-11-21T12:00:00Z",
      Attempts: 1,
      LastError: "",
      NextTry: null,
    },
  ];

  it("lists since when, how often, and when next", async () => {
    await using manager = await fakeManager({ "GET /cluster/reschedules": moves });
    expect((await manager.run("reschedule ls", { now })).stdout).to.equal(
      [
        "CONTAINER   ID             FROM     REASON         STATE     SINCE   ATTEMPTS   NEXT TRY   LAST ERROR",
        "web         bbbbbbbbbbb…   node-1   node-failure   waiting   60s     3          30s        no resources available to schedule container",
        "db          c              node-1   drain          held      5h      1          -",
        "",
      ].join("\n"),
    );
  });

  it("prints swarm IDs with -q and objects with --format json", async () => {
    await using manager = await fakeManager({ "GET /cluster/reschedules": moves.slice(0, 1) });
    expect((await manager.run("reschedule ls -q")).stdout).to.equal(`${"a".repeat(64)}\n`);
    expect(JSON.parse((await manager.run("reschedule ls --format json")).stdout)).to.deep.equal(moves[0]);
  });

  it("retries one by name", async () => {
    await using manager = await fakeManager({
      "POST /cluster/reschedules/web%2F1/retry": (res: Parameters<typeof json>[0]) =>
        res.writeHead(204).end(),
    });
    expect(await manager.run("reschedule retry web/1")).to.include({ code: 0, stdout: "web/1\n" });
  });

  it("says that nothing of that name waits", async () => {
    await using manager = await fakeManager({
      "POST /cluster/reschedules/x/retry": refusing(404, "nothing called x is to move"),
    });
    const { code, stderr } = await manager.run("reschedule retry x");
    expect([code, stderr.slice(20)]).to.deep.equal([1, "nothing called x is to move\n"]);
  });
});

describe("cli/operator: rebalance", () => {
  const node = (Name: string, Containers: number) => ({ Name, Containers, Score: Containers });
  const plan = {
    Strategy: "spread",
    Before: { Spread: 2, Nodes: [node("node-1", 4), node("node-2", 0), node("node-3", 2)] },
    After: { Spread: 0, Nodes: [node("node-1", 2), node("node-2", 2), node("node-3", 2)] },
    Moves: [
      { Name: "web", SwarmID: "s", From: "node-1", To: "node-2" },
      { Name: "api", SwarmID: "t", From: "node-1", To: "node-2" },
    ],
    Stays: [{ Name: "db", ID: "d", Why: "no policy" }],
  };
  const shown = [
    "CONTAINER   FROM     TO",
    "web         node-1   node-2",
    "api         node-1   node-2",
    "",
    "NODE     CONTAINERS   SCORE   CONTAINERS AFTER   SCORE AFTER",
    "node-1   4            4       2                  2",
    "node-2   0            0       2                  2",
    "",
    "Strategy spread: 2 containers to move, spread of the scores 2 now, 0 then.",
    "  db stays: no policy",
    "",
  ].join("\n");
  const steps =
    (...lines: object[]) =>
    (res: Parameters<typeof json>[0]) => {
      res.writeHead(200, { "Content-Type": "application/json" });
      res.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    };
  const done = steps(
    { Status: "plan", Moves: 2 },
    { Status: "moving", Name: "web", From: "node-1", To: "node-2" },
    { Status: "moved", Name: "web", From: "node-1", To: "node-2" },
    { Status: "stays", Name: "api", Why: "it is not there any more" },
    { Status: "done", Moved: 1, Stayed: 1 },
  );

  it("only shows with --dry-run, without asking anybody", async () => {
    await using manager = await fakeManager({ "GET /cluster/rebalance?max=5": plan });
    expect(await manager.run("rebalance --dry-run --max 5")).to.include({ code: 0, stdout: shown });
    expect(manager.asked).to.have.length(1);
  });

  it("prints the plan as the API has it with --dry-run --format json", async () => {
    await using manager = await fakeManager({ "GET /cluster/rebalance?max=10": plan });
    expect(JSON.parse((await manager.run("rebalance --dry-run --format json")).stdout)).to.deep.equal(plan);
  });

  it("makes the moves with --yes, and ends with 1 when one stayed", async () => {
    await using manager = await fakeManager({
      "GET /cluster/rebalance?max=10": plan,
      "POST /cluster/rebalance?max=10&parallel=2": done,
    });
    expect(await manager.run("rebalance --yes --parallel 2")).to.include({
      code: 1,
      stdout: `${shown}moving web from node-1 to node-2\nmoved web from node-1 to node-2\napi stays: it is not there any more\n1 container moved, 1 stay\n`,
    });
  });

  it("asks at a terminal, and moves nothing on any answer but yes", async () => {
    await using manager = await fakeManager({ "GET /cluster/rebalance?max=10": plan });
    let asked = "";
    const outcome = await manager.run("rebalance", {
      ask: (question) => ((asked = question), Promise.resolve("")),
    });
    expect(asked).to.equal("Make these 2 moves? [y/N] ");
    expect(outcome).to.include({ code: 1, stdout: `${shown}Nothing was moved.\n` });
    expect(manager.asked).to.have.length(1);
  });

  it("moves on yes", async () => {
    await using manager = await fakeManager({
      "GET /cluster/rebalance?max=10": plan,
      "POST /cluster/rebalance?max=10&parallel=1": steps({ Status: "done", Moved: 2, Stayed: 0 }),
    });
    const { code, stdout } = await manager.run("rebalance", { ask: () => Promise.resolve("Yes") });
    expect([code, stdout]).to.deep.equal([0, `${shown}2 containers moved, 0 stay\n`]);
  });

  it("refuses to move without a terminal or --yes", async () => {
    await using manager = await fakeManager({});
    const { code, stderr } = await manager.run("rebalance");
    expect([code, manager.asked.length]).to.deep.equal([1, 0]);
    expect(stderr).to.include("nobody is at a terminal: say --yes or --dry-run");
  });

  it("says that there is nothing to gain", async () => {
    await using manager = await fakeManager({ "GET /cluster/rebalance?max=10": { ...plan, Moves: [] } });
    expect(await manager.run("rebalance --yes")).to.include({
      code: 0,
      stdout: "Nothing to gain by strategy spread.\n  db stays: no policy\n",
    });
    expect(manager.asked).to.have.length(1);
  });

  it("prints why the manager refused", async () => {
    await using manager = await fakeManager({
      "GET /cluster/rebalance?max=10": plan,
      "POST /cluster/rebalance?max=10&parallel=1": refusing(409, "a rebalance is under way already"),
    });
    const { code, stderr } = await manager.run("rebalance --yes");
    expect([code, stderr.slice(20)]).to.deep.equal([1, "a rebalance is under way already\n"]);
  });

  it("notices an answer that breaks off", async () => {
    await using manager = await fakeManager({
      "GET /cluster/rebalance?max=10": plan,
      "POST /cluster/rebalance?max=10&parallel=1": steps({ Status: "plan", Moves: 2 }),
    });
    const { code, stderr } = await manager.run("rebalance --yes");
    expect(code).to.equal(1);
    expect(stderr).to.include("the manager ended its answer before all moves were made");
  });

  it("leaves on Ctrl-C, and says what becomes of the moves", async () => {
    const stop = new AbortController();
    await using manager = await fakeManager({
      "GET /cluster/rebalance?max=10": plan,
      "POST /cluster/rebalance?max=10&parallel=1": (res: Parameters<typeof json>[0]) => {
        res.writeHead(200);
        res.write('{"Status":"moving","Name":"web","From":"node-1","To":"node-2"}\n', () =>
          setImmediate(() => stop.abort()),
        );
      },
    });
    const { code, stdout } = await manager.run("rebalance --yes", { stop });
    expect(code).to.equal(130);
    expect(stdout).to.match(/No more moves begin; those under way are finished by the manager\.\n$/);
  });

  for (const [line, says] of [
    ["rebalance --max 0 --yes", "--max should be from 1 to 1000"],
    ["rebalance --parallel 17 --yes", "--parallel should be from 1 to 16"],
    ["rebalance --format json --yes", "--format json needs --dry-run"],
    ["rebalance now", "rebalance takes no arguments, and got \"now\". See 'swarm rebalance --help'."],
  ] as const) {
    it(`refuses "swarm ${line}"`, async () => {
      await using manager = await fakeManager({});
      const { code, stderr } = await manager.run(line);
      expect([code, stderr.slice(20), manager.asked.length]).to.deep.equal([1, `${says}\n`, 0]);
    });
  }
});

describe("cli/operator: leader", () => {
  const known = {
    Role: "replica",
    Replicated: true,
    Self: "10.0.0.6:3376",
    Primary: "10.0.0.5:3376",
    Term: null,
    Peers: [
      { Address: "10.0.0.6:3376", Role: "replica", Version: "1.0.0", StartedAt: "a", Self: true },
      { Address: "10.0.0.5:3376", Role: "primary", Version: "1.0.0", StartedAt: "b", Self: false },
    ],
    Error: "",
  };

  it("shows the primary and all managers, and ends with 0", async () => {
    await using manager = await fakeManager({ "GET /cluster/leader": known });
    expect(await manager.run("leader")).to.include({
      code: 0,
      stdout: [
        "Primary:   10.0.0.5:3376",
        "Asked:     10.0.0.6:3376, replica",
        "",
        "MANAGER           ROLE      VERSION   STARTED",
        "10.0.0.6:3376 *   replica   1.0.0     a",
        "10.0.0.5:3376     primary   1.0.0     b",
        "",
      ].join("\n"),
    });
  });

  it("ends with 1 while no primary is known, and says why", async () => {
    const none = { ...known, Primary: "", Peers: [], Error: "consul does not answer" };
    await using manager = await fakeManager({
      "GET /cluster/leader": (res: Parameters<typeof json>[0]) => json(res, 503, none),
    });
    const { code, stdout } = await manager.run("leader");
    expect(code).to.equal(1);
    expect(stdout)
      .to.match(/^Primary: {3}none$/m)
      .and.match(/^Error: {5}consul does not answer$/m);
  });

  it("shows a manager without others, and the term", async () => {
    const Term = { Number: 7, Since: "x", AgeSeconds: 42.1, TtlSeconds: 20 };
    await using manager = await fakeManager({
      "GET /cluster/leader": { ...known, Replicated: false, Self: "", Role: "primary", Term },
    });
    expect((await manager.run("leader")).stdout).to.equal(
      "Primary:   this manager, the only one\nAsked:     primary\nTerm:      7, 42 s old, lock of 20 s\n",
    );
  });

  it("prints the address with -q, all of it with --format json", async () => {
    await using manager = await fakeManager({ "GET /cluster/leader": known });
    expect((await manager.run("leader -q")).stdout).to.equal("10.0.0.5:3376\n");
    expect(JSON.parse((await manager.run("leader --format json")).stdout)).to.deep.equal(known);
  });
});
