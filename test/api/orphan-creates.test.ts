import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { eventually } from "../lab/eventually.ts";
import { startManager, type TestManager } from "./support.ts";

describe("api: a create whose engine is lost before it can answer", function () {
  this.timeout(20_000);
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager({ engines: [{ name: "node-1" }, { name: "node-2" }] });
  });
  afterEach(() => manager[Symbol.asyncDispose]());
  const lost = async (body: object = {}): Promise<void> => {
    const engine = manager.engines[1]!;
    engine.slow(300);
    const create = { Image: "busybox", Env: ["constraint:node==node-2"], ...body };
    const asking = manager.ask("POST", "/containers/create?name=ghost", { body: create });
    await sleep(100);
    await engine.hangUp();
    expect((await asking).status).to.equal(500);
    await eventually("the engine has done it all the same", () => engine.containers.size === 1);
    engine.slow(0);
  };
  const back = async (): Promise<void> => {
    await manager.engines[1]!.revive();
    await eventually("the engine's containers are known", async () =>
      (await manager.ask("GET", "/containers/json?all=1")).text.includes("ghost"),
    );
  };

  it("leaves nothing behind when the engine is back", async () => {
    await lost();
    await manager.engines[1]!.revive();
    await eventually("it is removed", () => manager.engines[1]!.containers.size === 0);
    const again = await manager.ask("POST", "/containers/create?name=ghost", { body: { Image: "busybox" } });
    expect(again.status).to.equal(201);
  });

  it("leaves what somebody has started past the manager", async () => {
    await lost();
    const engine = manager.engines[1]!;
    engine.container("ghost").status = "running";
    await back();
    await sleep(300);
    expect([...engine.containers.values()].map(({ status }) => status)).to.deep.equal(["running"]);
  });

  it("leaves what has a swarm ID of its client's choice", async () => {
    await lost({ Labels: { "com.docker.swarm.id": "a".repeat(64) } });
    await back();
    await sleep(300);
    expect(manager.engines[1]!.containers.size).to.equal(1);
  });

  it("that another manager was asked for is renamed when its name is another's by then", async () => {
    const engine = manager.engines[1]!;
    await engine.hangUp();
    const labels = { "com.docker.swarm.id": "a".repeat(64) };
    const late = engine.addContainer({ name: "web", labels, state: "created" });
    const foreign = engine.addContainer({ name: "db", state: "created" });
    for (const name of ["web", "db"]) await manager.run({ Env: ["constraint:node==node-1"] }, name);
    await engine.revive();
    await eventually("it has another name", () => late.name === `web_${late.id.slice(0, 12)}`);
    await eventually(
      "the name means one container",
      async () => (await manager.ask("GET", "/containers/web/json")).status === 200,
    );
    expect(foreign.name, "not made through a manager").to.equal("db");
  });

  it("that this manager makes keeps its name when another of that name comes back meanwhile", async () => {
    const [first, second] = manager.engines;
    await second!.hangUp();
    second!.addContainer({
      name: "web",
      labels: { "com.docker.swarm.id": "a".repeat(64) },
      state: "running",
    });
    first!.slow(500);
    const body = { Image: "busybox", Env: ["constraint:node==node-1"] };
    const asking = manager.ask("POST", "/containers/create?name=web", { body });
    await sleep(100);
    await second!.revive();
    await eventually("the other one is known", async () =>
      (await manager.ask("GET", "/containers/json?all=1")).text.includes("/web"),
    );
    expect((await asking).status).to.equal(201);
    await sleep(900);
    expect([...first!.containers.values()].map(({ name }) => name)).to.deep.equal(["web"]);
  });
});
