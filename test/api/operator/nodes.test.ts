import { expect } from "chai";
import { startGuardedManager } from "../access/support.ts";
import { startManager, until, type TestManager } from "../support.ts";
import { startSimulatedEngine } from "../../../bench/fleet/index.ts";
import { ManagedStore } from "../../../src/store/managed-store.ts";
import { MemoryBackend } from "../../../src/store/memory.ts";
import { Tree } from "../../../src/store/tree.ts";

interface Node {
  readonly ID: string;
  readonly Name: string;
  readonly Addr: string;
  readonly Status: string;
  readonly Error: string;
  readonly Availability: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly EngineLabels: Readonly<Record<string, string>>;
  readonly Containers: number;
  readonly Drain: { readonly State: string; readonly StartedAt: string; readonly Deadline: string } | null;
}

describe("api/operator nodes", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager({
      engines: [1, 2].map((n) => ({ name: `node-${n}`, labels: { rack: "r1" } })),
    });
  });
  afterEach(() => manager[Symbol.asyncDispose]());

  const update = (node: string, body: unknown) =>
    manager.ask("POST", `/cluster/nodes/${encodeURIComponent(node)}/update`, { body });
  const inspect = async (node: string): Promise<Node> =>
    (await manager.ask("GET", `/cluster/nodes/${encodeURIComponent(node)}`)).json() as Node;
  const infoRows = async (): Promise<string[]> => {
    const { SystemStatus } = (await manager.ask("GET", "/info")).json() as {
      SystemStatus: [string, string][];
    };
    return SystemStatus.map(([key, value]) => `${key.trim()}: ${value}`);
  };
  const nameOf = (id: string): string => manager.engineOf(id).name;

  it("lists nodes as the document has them", async () => {
    await manager.run({}, "web");
    const [engine] = manager.engines;
    const list = (await manager.ask("GET", "/v1.41/cluster/nodes")).json() as readonly Node[];
    expect(list.map(({ Name }) => Name)).to.deep.equal(["node-1", "node-2"]);
    expect(list[0]).to.deep.equal({
      ID: engine!.id,
      Name: "node-1",
      Addr: engine!.addr,
      Status: "Healthy",
      Error: "",
      Availability: "active",
      Labels: {},
      EngineLabels: {
        storagedriver: "overlay2",
        kernelversion: "6.1.0-simulated",
        operatingsystem: "Simulated Docker engine",
        ostype: "linux",
        rack: "r1",
      },
      Containers: 1,
      ServerVersion: "20.10.24",
      Drain: null,
    });
  });

  it("finds a node by name, engine ID, combined ID and address", async () => {
    const [{ id, addr } = { id: "", addr: "" }] = manager.engines;
    for (const called of ["node-1", id, addr, `${id}|${addr}`])
      expect((await inspect(called)).Name, called).to.equal("node-1");
    const { status, message } = await manager.ask("GET", "/cluster/nodes/nope");
    expect([status, message]).to.deep.equal([404, "No such node: nope"]);
    expect((await update("nope", {})).status).to.equal(404);
  });

  it("keeps new containers off a paused node, says why when no other will do, and starts what is there", async () => {
    const before = await manager.create({ HostConfig: {} }, "before");
    expect(nameOf(before)).to.equal("node-1");
    const answer = await update("node-1", { Availability: "pause" });
    expect(answer.status).to.equal(200);
    expect(answer.fields()).to.deep.include({ Name: "node-1", Availability: "pause", Drain: null });

    const ids = await Promise.all([manager.create(), manager.create(), manager.create()]);
    expect(ids.map(nameOf)).to.deep.equal(["node-2", "node-2", "node-2"]);
    const refused = await manager.ask("POST", "/containers/create", {
      body: { Image: "busybox", Env: ["constraint:node==node-1"] },
    });
    expect(refused.status).to.equal(500);
    expect(refused.message.split("\n")).to.deep.equal([
      "No node that fits takes new containers: node-1 is paused",
      "constraint: ruled out 1 of 2 nodes; nearest: node-2 (node==node-1 is wanted, it is node-2)",
    ]);
    expect((await manager.ask("POST", "/containers/before/start")).status).to.equal(204);
    expect(await infoRows()).to.include.members(["└ Availability: pause"]);

    await update("node-1", { Availability: "active" });
    expect(nameOf(await manager.create({}, "after"))).to.equal("node-1");
    expect((await infoRows()).join()).to.not.match(/Availability/);
  });

  it("keeps networks off a paused node, and pulls and volumes on it", async () => {
    await update("node-1", { Availability: "pause" });
    const network = await manager.ask("POST", "/networks/create", { body: { Name: "back" } });
    expect(network.status).to.equal(201);
    const { Id } = network.json() as { Id: string };
    expect(manager.engines.map(({ state }) => state.networks.has(Id))).to.deep.equal([false, true]);
    const refused = await manager.ask("POST", "/networks/create", { body: { Name: "node-1/front" } });
    expect(refused.message).to.match(/^No node that fits takes new containers: node-1 is paused/);

    expect((await manager.ask("POST", "/volumes/create", { body: { Name: "data" } })).status).to.equal(201);
    const volumes = manager.engines.map(({ state }) => [...state.volumes.keys()]);
    expect(volumes).to.deep.equal([["data"], ["data"]]);
    const labels = { "com.docker.swarm.whitelists": '["node==node-1|node-2"]' };
    await manager.ask("POST", "/volumes/create", { body: { Name: "listed", Labels: labels } });
    expect(manager.engines.map(({ state }) => state.volumes.has("listed"))).to.deep.equal([true, true]);
    const pinned = await manager.ask("POST", "/volumes/create", { body: { Name: "node-1/own" } });
    expect(pinned.message).to.match(/^No node that fits takes new containers: node-1 is paused/);
    const pull = await manager.ask("POST", "/images/create?fromImage=nginx&tag=latest");
    expect(pull.text)
      .to.match(/node-1/)
      .and.match(/node-2/);
  });

  it("moves the home of a Compose project on: its networks stay together elsewhere", async () => {
    const Labels = { "com.docker.compose.project": "shop" };
    const homeOf = async (Name: string): Promise<string | undefined> => {
      const answer = await manager.ask("POST", "/networks/create", { body: { Name, Labels } });
      const { Id } = answer.json() as { Id: string };
      return manager.engines.find(({ state }) => state.networks.has(Id))?.name;
    };
    expect([await homeOf("a"), await homeOf("b")]).to.deep.equal(["node-1", "node-1"]);
    const third = await startSimulatedEngine({ name: "node-3" });
    manager.setEngines([...manager.engines, third]);
    await until(async () => (await inspect("node-3")).Status === "Healthy");
    await manager.run({ Env: ["constraint:node==node-2"], Labels });
    await update("node-1", { Availability: "drain" });
    expect(await homeOf("c")).to.equal("node-2");
    await third.dispose();
  });

  it("gives registries' answers, whoever is paused", async () => {
    for (const node of ["node-1", "node-2"]) await update(node, { Availability: "drain" });
    const { status, message } = await manager.ask("POST", "/containers/create", {
      body: { Image: "busybox" },
    });
    expect([status, message]).to.deep.equal([
      500,
      "No node that fits takes new containers: node-1 and node-2 are drained",
    ]);
    expect((await manager.ask("POST", "/auth", { body: {} })).fields().Status).to.equal("Login Succeeded");
  });

  it("gives labels that constraints and docker info see", async () => {
    const answer = await update("node-2", { LabelAdd: { storage: "ssd", rack: "r2" } });
    expect(answer.json()).to.deep.include({ Labels: { storage: "ssd", rack: "r2" } });
    for (const constraint of ["storage==ssd", "rack==r2", "storage!=ssd"]) {
      const id = await manager.create({ Env: [`constraint:${constraint}`] });
      expect(nameOf(id), constraint).to.equal(constraint === "storage!=ssd" ? "node-1" : "node-2");
    }
    expect((await infoRows()).find((row) => row.includes("storage=ssd"))).to.match(/rack=r2, storage=ssd/);
    expect((await inspect("node-2")).EngineLabels.rack).to.equal("r1");

    await update("node-2", { LabelRemove: ["storage", "rack", "nope"] });
    expect((await inspect("node-2")).Labels).to.deep.equal({});
    expect((await infoRows()).join()).to.not.match(/ssd/);
  });

  it("starts a drain and tells of it", async () => {
    const answer = await update("node-1", { availability: "drain", drainDeadlineSeconds: 60 });
    expect(answer.json()).to.deep.include({ Availability: "drain" });
    await until(async () => (await inspect("node-1")).Drain !== null);
    const { StartedAt = "", Deadline = "" } = (await inspect("node-1")).Drain ?? {};
    expect(Date.parse(Deadline) - Date.parse(StartedAt)).to.equal(60_000);
    await update("node-1", { Availability: "active" });
    await until(async () => (await inspect("node-1")).Drain === null);
  });

  it("never answers an order with how far the one before it came", async () => {
    const drain = (seconds: number) =>
      update("node-1", { Availability: "drain", DrainDeadlineSeconds: seconds });
    const secondsOf = ({ Drain }: Node): number | undefined =>
      Drain === null ? undefined : (Date.parse(Drain.Deadline) - Date.parse(Drain.StartedAt)) / 1_000;
    for (const seconds of [60, 600, 70]) {
      expect(secondsOf((await drain(seconds)).json() as Node)).to.be.oneOf([undefined, seconds]);
      await until(async () => (await inspect("node-1")).Drain?.State === "done");
      expect(secondsOf(await inspect("node-1"))).to.equal(seconds);
    }
    const active = await update("node-1", { Availability: "active" });
    expect(active.fields()).to.deep.include({ Availability: "active", Drain: null });
  });

  it("announces what has changed, and nothing when nothing has", async () => {
    const leave = new AbortController();
    const filters = encodeURIComponent(JSON.stringify({ event: ["node_update"] }));
    const stream = await fetch(`http://127.0.0.1:${manager.port}/events?filters=${filters}`, {
      signal: leave.signal,
    });
    await update("node-1", { Availability: "pause", LabelAdd: { b: "2", a: "1" } });
    await update("node-1", { Availability: "pause", LabelRemove: ["nope"] });
    await update("node-1", {});
    await update("node-2", { LabelAdd: { last: "" } });
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of stream.body ?? []) {
      text += decoder.decode(chunk as Uint8Array);
      if (text.includes("last=")) break;
    }
    leave.abort();
    const events = text
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => JSON.parse(line) as { Type: string; Actor: { Attributes: Record<string, string> } });
    const told = events.map(({ Type, Actor: { Attributes: about } }) => [
      Type,
      about["node.name"],
      about.availability,
      about.labels,
    ]);
    expect(told).to.deep.equal([
      ["swarm", "node-1", "pause", "a=1,b=2"],
      ["swarm", "node-2", "active", "last="],
    ]);
    expect(manager.log.filter((line) => line.includes("Updated node"))).to.have.length(2);
  });

  // prettier-ignore
  const refused = [
    { it: "another availability",        body: { Availability: "Drain" },                  says: 'invalid availability "Drain": use active, pause, drain' },
    { it: "a number for it",             body: { Availability: 1 },                        says: "invalid availability 1: use active, pause, drain" },
    { it: "a field nobody knows",        body: { Avail: "pause" },                         says: 'unknown field "Avail": there are Availability, LabelAdd, LabelRemove, DrainDeadlineSeconds' },
    { it: "a list of labels to add",     body: { LabelAdd: ["a=b"] },                      says: "LabelAdd is an object of texts" },
    { it: "a label that is a number",    body: { LabelAdd: { a: 1 } },                     says: 'LabelAdd: the value of "a" is not a text' },
    { it: "the label node",              body: { LabelAdd: { node: "x" } },                says: 'invalid label: "node" is what constraints call a node itself' },
    { it: "a built-in label",            body: { LabelAdd: { ostype: "windows" } },        says: 'invalid label: "ostype" is built in: nobody can set it' },
    { it: "a text to remove",            body: { LabelRemove: "a" },                       says: "LabelRemove is a list of texts" },
    { it: "numbers to remove",           body: { LabelRemove: [1] },                       says: "LabelRemove is a list of texts" },
    { it: "a deadline without a drain",  body: { DrainDeadlineSeconds: 5 },                says: "a deadline is for a drain: the node would not be drained" },
    { it: "a deadline that is a text",   body: { Availability: "drain", DrainDeadlineSeconds: "5" }, says: "DrainDeadlineSeconds is a number" },
    { it: "a deadline in the past",      body: { Availability: "drain", DrainDeadlineSeconds: -1 },  says: "the deadline of a drain is more than 0 seconds and at most 604800 (a week)" },
    { it: "a list",                      body: [1],                                        says: "json: cannot unmarshal array into Go value of type object" },
    { it: "nothing",                     body: "",                                         says: "EOF" },
  ];
  for (const { it: what, body, says } of refused) {
    it(`refuses ${what}`, async () => {
      const { status, message } = await update("node-1", body);
      expect([status, message]).to.deep.equal([400, says]);
      expect(await inspect("node-1")).to.deep.include({ Availability: "active", Labels: {} });
    });
  }

  it("takes null for a field that is absent, and keys in any case", async () => {
    const { status } = await update("node-1", { AVAILABILITY: "pause", labeladd: null, LabelRemove: null });
    expect(status).to.equal(200);
    expect((await inspect("node-1")).Availability).to.equal("pause");
  });

  it("lists a node that has never answered, and refuses to update it", async () => {
    const gone = await startSimulatedEngine({ name: "gone" });
    await gone.dispose();
    manager.setEngines([...manager.engines, gone]);
    await until(async () => (await inspect(gone.addr)).Error !== "");
    expect(await inspect(gone.addr)).to.deep.include({
      ID: "",
      Name: "",
      Status: "Pending",
      Availability: "active",
    });
    const { status, message } = await update(gone.addr, { Availability: "drain" });
    expect(status).to.equal(409);
    expect(message).to.match(new RegExp(`^node ${gone.addr} has not told its ID yet, .*ECONNREFUSED`));
  });

  it("does not guess between nodes of one name", async () => {
    const twin = await startSimulatedEngine({ name: "node-1", id: "TWIN" });
    manager.setEngines([...manager.engines, twin]);
    await until(async () => (await inspect(twin.addr)).Status === "Healthy");
    const { status, message } = await update("node-1", { Availability: "pause" });
    expect(status).to.equal(409);
    expect(message).to.match(/^several nodes are called node-1: name one by its address \(/);
    for (const { addr } of [manager.engines[0]!, twin]) expect(message).to.include(addr);
    expect((await update(twin.addr, { Availability: "pause" })).status).to.equal(200);
    expect((await inspect("TWIN")).Availability).to.equal("pause");
    expect((await inspect(manager.engines[0]!.addr)).Availability).to.equal("active");
    await twin.dispose();
  });
});

describe("api/operator nodes: what outlives a manager", () => {
  it("is in force for the next one before it places anything", async () => {
    const tree = new Tree("1");
    const state = () => ({
      store: new ManagedStore(new MemoryBackend(tree), { name: "memory://" }),
      shared: false,
    });
    const engines = [1, 2].map((n) => ({ name: `node-${n}`, id: `ID:${n}` }));
    {
      await using first = await startManager({ engines, state: state() });
      const body = { Availability: "pause", LabelAdd: { storage: "ssd" } };
      await first.ask("POST", "/cluster/nodes/node-1/update", { body });
    }
    await using second = await startManager({ engines, state: state() });
    expect(second.engineOf(await second.create()).name).to.equal("node-2");
    const node = (await second.ask("GET", "/cluster/nodes/node-1")).fields();
    expect(node).to.deep.include({ Availability: "pause", Labels: { storage: "ssd" } });
    await tree.close();
  });
});

describe("api/operator nodes: who may", () => {
  it("reads with view, updates as admin, and leaves a trace in the audit", async () => {
    await using manager = await startGuardedManager();
    for (const cn of ["reader", "olga", "root"])
      expect((await manager.as(cn, "GET", "/cluster/nodes/node-1")).status, cn).to.equal(200);
    const body = { Availability: "pause" };
    for (const cn of ["reader", "olga", "ci-1"]) {
      const { status } = await manager.as(cn, "POST", "/cluster/nodes/node-1/update", { body });
      expect(status, cn).to.equal(403);
    }
    expect((await manager.as("ci-1", "GET", "/cluster/nodes")).status).to.equal(403);
    expect(
      (await manager.as("root", "POST", `/cluster/nodes/${manager.engines[0]!.id}/update`, { body })).status,
    ).to.equal(200);
    const allowed = manager.audit().filter(({ outcome }) => outcome === "allowed");
    expect(allowed.at(-1)).to.deep.include({ cn: "root", node: "node-1", status: 200 });
  });
});
