import { expect } from "chai";
import { request, startManager, until, type TestManager } from "../../api/support.ts";

interface Drain {
  readonly State: string;
  readonly Moved: readonly { readonly Name: string; readonly To: string }[];
  readonly Stays: readonly { readonly Name: string; readonly Why: string }[];
}

const movable = { Env: ["reschedule:on-node-failure"] };
const on = (node: string, body: { readonly Env?: readonly string[] } = {}) => ({
  ...body,
  Env: [...(body.Env ?? []), `constraint:node==~${node}`],
});

async function update(manager: TestManager, node: string, body: object): Promise<void> {
  const answer = await manager.ask("POST", `/cluster/nodes/${node}/update`, { body });
  expect(answer.status, answer.text).to.equal(200);
}

async function drainOf(manager: TestManager, node: string): Promise<Drain | null> {
  return (await manager.ask("GET", `/cluster/nodes/${node}`)).fields().Drain as Drain | null;
}

const drained = (manager: TestManager, node: string, state = "done") =>
  until(async () => (await drainOf(manager, node))?.State === state, `the drain of ${node}: ${state}`);

describe("reschedule/drain: a manager", () => {
  let manager: TestManager;
  beforeEach(async () => (manager = await startManager()));
  afterEach(async () => await manager[Symbol.asyncDispose]());

  it("moves what may move, running under its name elsewhere, and reports what stays and why", async () => {
    await manager.run(on("node-1", movable), "web");
    const plain = await manager.run(on("node-1"), "plain");
    await update(manager, "node-1", { Availability: "drain" });
    await drained(manager, "node-1");
    const drain = await drainOf(manager, "node-1");
    expect(drain?.Moved.map(({ Name }) => Name)).to.deep.equal(["web"]);
    expect(drain?.Stays.map(({ Name }) => Name)).to.deep.equal(["plain"]);
    expect(drain?.Stays[0]?.Why).to.match(/reschedule policy/);
    const web = (await manager.ask("GET", "/containers/web/json")).fields();
    expect(web.State).to.include({ Running: true });
    expect((web.Node as { Name: string }).Name).to.equal(drain?.Moved[0]?.To);
    expect([...manager.engines[0]!.containers.keys()]).to.deep.equal([plain]);
  }).timeout(10_000);

  it("tries again what fits nowhere, until there is room", async () => {
    await update(manager, "node-1", { LabelAdd: { storage: "ssd" } });
    await manager.run({ Env: [...movable.Env, "constraint:storage==ssd"] }, "bound");
    await update(manager, "node-1", { Availability: "drain" });
    await until(async () =>
      ((await drainOf(manager, "node-1"))?.Stays[0]?.Why ?? "").includes("storage==ssd"),
    );
    expect((await drainOf(manager, "node-1"))?.State).to.equal("running");
    await update(manager, "node-2", { LabelAdd: { storage: "ssd" } });
    await drained(manager, "node-1");
    expect((await drainOf(manager, "node-1"))?.Moved[0]).to.include({ Name: "bound", To: "node-2" });
  }).timeout(15_000);

  it("gives up at the deadline, with the reason", async () => {
    await update(manager, "node-1", { LabelAdd: { storage: "ssd" } });
    await manager.run({ Env: [...movable.Env, "constraint:storage==ssd"] }, "bound");
    await update(manager, "node-1", { Availability: "drain", DrainDeadlineSeconds: 1 });
    await drained(manager, "node-1", "deadline");
    expect((await drainOf(manager, "node-1"))?.Stays[0]).to.include({ Name: "bound" });
    expect(manager.log.join("")).to.include("Node not drained in time");
    expect((await manager.ask("GET", "/containers/bound/json")).fields().State).to.include({ Running: true });
  }).timeout(15_000);

  it("notices a container that is started on the engine while it drains", async () => {
    await update(manager, "node-1", { Availability: "drain" });
    await drained(manager, "node-1");
    const { port } = new URL(`http://${manager.engines[0]!.addr}`);
    const body = { Image: "busybox", Cmd: ["sleep", "1000"], Labels: { "com.docker.swarm.movable": "true" } };
    const created = await request(Number(port), "POST", "/containers/create?name=late", { body });
    await request(Number(port), "POST", `/containers/${String(created.fields().Id)}/start`);
    await until(
      async () => (await drainOf(manager, "node-1"))?.Moved[0]?.Name === "late",
      "the container started by hand has moved",
    );
  }).timeout(15_000);

  it("waits for a paused container, and moves it when it goes on", async () => {
    const id = await manager.run(on("node-1", movable), "web");
    expect((await manager.ask("POST", `/containers/${id}/pause`)).status).to.equal(204);
    await update(manager, "node-1", { Availability: "drain" });
    await until(async () => (await drainOf(manager, "node-1"))?.Stays[0]?.Why === "it is paused");
    expect((await drainOf(manager, "node-1"))?.State).to.equal("running");
    expect((await manager.ask("POST", `/containers/${id}/unpause`)).status).to.equal(204);
    await drained(manager, "node-1");
    expect((await drainOf(manager, "node-1"))?.Moved.map(({ Name }) => Name)).to.deep.equal(["web"]);
  }).timeout(15_000);

  it("tells of its begin and its end in events", async () => {
    await manager.run(on("node-1", movable), "web");
    const since = Date.now() / 1_000 - 1;
    await update(manager, "node-1", { Availability: "drain" });
    await drained(manager, "node-1");
    const filters = encodeURIComponent(JSON.stringify({ type: ["swarm"] }));
    const { text } = await manager.ask(
      "GET",
      `/events?since=${since}&until=${Date.now() / 1_000}&filters=${filters}`,
    );
    const events = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { Action: string; Actor: { Attributes: Record<string, string> } });
    const ours = events.filter(({ Action }) => Action.startsWith("drain"));
    expect(ours.map(({ Action }) => Action)).to.deep.equal(["drain_start", "drain_done"]);
    expect(ours[1]?.Actor.Attributes).to.include({
      moved: "1",
      stays: "0",
      state: "done",
      "node.name": "node-1",
    });
  }).timeout(10_000);
});
