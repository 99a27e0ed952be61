import { expect } from "chai";
import { fakeManager, json, nodeAnswer, refusing, type Asked } from "./fake-manager.ts";

const draining = (drain: object) =>
  nodeAnswer({
    Availability: "drain",
    Drain: { State: "running", StartedAt: "s", Deadline: "d", Moved: [], Moving: [], Stays: [], ...drain },
  });

describe("cli/operator: node ls", () => {
  const nodes = [
    nodeAnswer(),
    nodeAnswer({
      Name: "",
      ID: "",
      Addr: "10.0.0.12:2375",
      Status: "Pending",
      Labels: {},
      ServerVersion: "",
    }),
  ];

  it("prints one row a node, columns aligned", async () => {
    await using manager = await fakeManager({ "GET /cluster/nodes": nodes });
    const { code, stdout, stderr } = await manager.run("node ls");
    expect(stdout).to.equal(
      [
        "NODE        ID             ADDR             STATUS    AVAILABILITY   CONTAINERS   LABELS        VERSION",
        "node-1      J6AP:2222:3…   10.0.0.11:2375   Healthy   active         4            storage=ssd   28.5.1",
        "(unknown)                  10.0.0.12:2375   Pending   active         4",
        "",
      ].join("\n"),
    );
    expect([code, stderr]).to.deep.equal([0, ""]);
  });

  it("prints IDs only with -q, the address of a node that has none yet", async () => {
    await using manager = await fakeManager({ "GET /cluster/nodes": nodes });
    expect((await manager.run("node ls -q")).stdout).to.equal("J6AP:2222:3333:4444\n10.0.0.12:2375\n");
  });

  it("prints an object a line with --format json", async () => {
    await using manager = await fakeManager({ "GET /cluster/nodes": nodes });
    const { stdout } = await manager.run("node ls --format json");
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).to.deep.equal(nodes);
  });

  it("lets no text of others give the terminal orders", async () => {
    const evil = nodeAnswer({ Name: "a\u001b[2Jb\u009bc\nd", Labels: { x: "\u202ey" } });
    await using manager = await fakeManager({ "GET /cluster/nodes": [evil] });
    const table = (await manager.run("node ls")).stdout;
    expect(table).to.match(/^a\?\[2Jb\?c d .*x=\?y/m);
    const lines = (await manager.run("node ls --format json")).stdout;
    expect(lines).to.include("\\u009b").and.include("\\u202e");
    expect((JSON.parse(lines) as { Name: string }).Name).to.equal(evil.Name);
  });

  it("takes whatever the manager answers", async () => {
    await using manager = await fakeManager({
      "GET /cluster/nodes": [null, 7, { Name: 5, Containers: "x", Labels: [] }],
    });
    const { code, stdout } = await manager.run("node ls");
    expect([code, stdout.split("\n")[1]?.startsWith("(unknown)")]).to.deep.equal([0, true]);
  });
});

describe("cli/operator: node inspect", () => {
  it("prints what the API answers, as an array", async () => {
    await using manager = await fakeManager({
      "GET /cluster/nodes/node-1": nodeAnswer(),
      "GET /cluster/nodes/a%2Fb": nodeAnswer({ Name: "a/b" }),
    });
    const { stdout } = await manager.run("node inspect node-1 a/b");
    expect(JSON.parse(stdout)).to.deep.equal([nodeAnswer(), nodeAnswer({ Name: "a/b" })]);
  });

  it("prints for people with --pretty, its drain included", async () => {
    const node = draining({
      Moved: [{ Name: "web", To: "node-2" }],
      Moving: [{ Name: "db" }],
      Stays: [{ Name: "cache", Why: "no policy" }],
    });
    await using manager = await fakeManager({ "GET /cluster/nodes/node-1": node });
    const { stdout } = await manager.run("node inspect --pretty node-1");
    expect(stdout).to.match(/^Availability: {4}drain$/m);
    expect(stdout).to.include(
      "Drain is under way: 1 container moved (from s, until d)\n  moving: db\n  cache stays: no policy\n",
    );
  });

  it("says what the manager said of a node there is not", async () => {
    await using manager = await fakeManager({ "GET /cluster/nodes/x": refusing(404, "No such node: x") });
    const { code, stdout, stderr } = await manager.run("node inspect x");
    expect([code, stdout]).to.deep.equal([1, ""]);
    expect(stderr).to.match(/No such node: x\n$/);
  });
});

describe("cli/operator: node update", () => {
  it("sends what is to change, and names the node", async () => {
    await using manager = await fakeManager({ "POST /cluster/nodes/node-1/update": nodeAnswer() });
    const line = "node update --availability pause --label-add a=b=c --label-add d= --label-rm old node-1";
    expect(await manager.run(line)).to.include({ code: 0, stdout: "node-1\n" });
    expect(manager.asked[0]?.body).to.deep.equal({
      Availability: "pause",
      LabelAdd: { a: "b=c", d: "" },
      LabelRemove: ["old"],
    });
  });

  it("takes the node before the options, too", async () => {
    await using manager = await fakeManager({ "POST /cluster/nodes/node-1/update": nodeAnswer() });
    expect((await manager.run("node update node-1 --availability active")).code).to.equal(0);
  });

  it("comes back at once from a drain with --detach", async () => {
    await using manager = await fakeManager({ "POST /cluster/nodes/node-1/update": draining({}) });
    expect(await manager.run("node update --availability drain --drain-deadline 90s -d node-1")).to.include({
      code: 0,
      stdout: "node-1\n",
    });
    expect(manager.asked.map(({ body }) => body)).to.deep.equal([
      { Availability: "drain", DrainDeadlineSeconds: 90 },
    ]);
  });

  /** Answers one after another, the last for ever. */
  const series = (...answers: unknown[]) => {
    let at = 0;
    return (res: Parameters<typeof json>[0]) => {
      const answer = answers[Math.min(at++, answers.length - 1)];
      if (typeof answer === "function") (answer as (res: unknown) => void)(res);
      else json(res, 200, answer);
    };
  };

  it("follows a drain, each step once, until it is done", async () => {
    await using manager = await fakeManager({
      "POST /cluster/nodes/node-1/update": nodeAnswer({ Availability: "drain" }),
      "GET /cluster/nodes/node-1": series(
        draining({ Moving: [{ Name: "web" }] }),
        draining({ Moving: [{ Name: "web" }] }),
        draining({
          Moved: [{ Name: "web", To: "node-2" }],
          State: "done",
          Stays: [{ Name: "cache", Why: "no policy" }],
        }),
      ),
    });
    expect(await manager.run("node update --availability drain node-1")).to.include({
      code: 0,
      stdout:
        "moving web\nmoved web to node-2\nnode-1 is drained of all that may move: 1 container moved, 1 stay\n  cache stays: no policy\n",
    });
  }).timeout(10_000);

  it("ends with 1 when something stays at the deadline", async () => {
    await using manager = await fakeManager({
      "POST /cluster/nodes/node-1/update": draining({
        State: "deadline",
        Stays: [{ Name: "web", Why: "no room" }],
      }),
    });
    expect(await manager.run("node update --availability drain node-1")).to.include({
      code: 1,
      stdout: "node-1 is not drained, the time is over: 0 containers moved, 1 stay\n  web stays: no room\n",
    });
  });

  it("leaves the drain going on Ctrl-C, and says so", async () => {
    const stop = new AbortController();
    await using manager = await fakeManager({
      "POST /cluster/nodes/node-1/update": (res: Parameters<typeof json>[0]) => {
        json(res, 200, draining({}));
        setImmediate(() => stop.abort());
      },
    });
    const { code, stdout } = await manager.run("node update --availability drain node-1", { stop });
    expect(code).to.equal(130);
    expect(stdout).to.include("The drain of node-1 goes on without you.");
    expect(manager.asked.map(({ method }) => method)).to.deep.equal(["POST"]);
  });

  it("sees that somebody called the drain off", async () => {
    await using manager = await fakeManager({
      "POST /cluster/nodes/node-1/update": draining({}),
      "GET /cluster/nodes/node-1": nodeAnswer(),
    });
    const { code, stdout } = await manager.run("node update --availability drain node-1");
    expect([code, stdout]).to.deep.equal([1, "node-1 drains no more: somebody set it to active\n"]);
  });

  it("goes on when the manager does not answer for a moment", async () => {
    await using manager = await fakeManager({
      "POST /cluster/nodes/node-1/update": draining({}),
      "GET /cluster/nodes/node-1": series(refusing(503, "no primary"), draining({ State: "done" })),
    });
    const { code, stdout } = await manager.run("node update --availability drain node-1");
    expect([code, stdout]).to.deep.equal([
      0,
      "The manager does not answer, trying again: no primary\nnode-1 is drained: 0 containers moved\n",
    ]);
  }).timeout(10_000);

  // prettier-ignore
  const wrong = [
    { line: "node update",                                    says: "node update needs a NODE. See 'swarm node update --help'." },
    { line: "node update node-1",                             says: "node update needs --availability, --label-add or --label-rm. See 'swarm node update --help'." },
    { line: "node update --availability of node-1",           says: 'invalid --availability "of": active, pause and drain are known' },
    { line: "node update --availability= node-1",             says: 'invalid --availability "": active, pause and drain are known' },
    { line: "node update --label-add x node-1",               says: 'invalid --label-add "x": key=value is expected' },
    { line: "node update --label-rm x node-1 node-2",         says: "node update takes one NODE, and got \"node-2\", too. See 'swarm node update --help'." },
    { line: "node update --label-rm x node-1 --detach",       says: "node update takes options before the NODE: \"--detach\" came after it. See 'swarm node update --help'." },
    { line: "node update --label-rm x --drain-deadline 1m n", says: "--drain-deadline needs --availability drain" },
    { line: "node update --availability drain --drain-deadline 0 n", says: "--drain-deadline should be at least one second" },
    { line: "node",                                           says: "node needs one of the commands ls, inspect, update. See 'swarm node --help'." },
    { line: "node rm",                                        says: "node has no command \"rm\", only ls, inspect, update. See 'swarm node --help'." },
    { line: "node ls node-1",                                 says: "node ls takes no arguments, and got \"node-1\". See 'swarm node ls --help'." },
    { line: "node ls --format yaml",                          says: 'invalid --format "yaml": table and json are known' },
    { line: "node inspect",                                   says: "node inspect needs a NODE. See 'swarm node inspect --help'." },
  ];
  for (const { line, says } of wrong) {
    it(`refuses "swarm ${line}" without asking the manager`, async () => {
      const asked: Asked[] = [];
      await using manager = await fakeManager({});
      const { code, stderr, stdout } = await manager.run(line);
      expect([code, stdout, manager.asked]).to.deep.equal([1, "", asked]);
      expect(stderr.slice(20)).to.equal(`${says}\n`);
    });
  }
});
