import { expect } from "chai";
import { startManager, until, type ManagerOptions, type TestManager } from "./support.ts";

const NEW = { apiVersion: "1.51", minApiVersion: "1.24", serverVersion: "28.5.2" };

interface Usage {
  readonly LayersSize: number;
  readonly Images: readonly { Id: string; Containers: number; Size: number; SharedSize: number }[] | null;
  readonly Containers: readonly { Names: string[]; SizeRw: number; Status: string }[] | null;
  readonly Volumes: readonly { Name: string; UsageData: { Size: number; RefCount: number } }[] | null;
  readonly BuildCache: readonly unknown[] | null;
}

describe("api/disk-usage", () => {
  let manager: TestManager | undefined;
  afterEach(() => manager?.[Symbol.asyncDispose]());
  const start = async (options: ManagerOptions = {}): Promise<TestManager> =>
    (manager = await startManager(options));
  const usage = async (path = "/system/df"): Promise<Usage> =>
    (await manager!.ask("GET", path)).json() as Usage;
  const route = "GET /system/df";

  it("is what all nodes use together", async () => {
    const { run, engineOf } = await start();
    const ids = [await run({}, "web"), await run({ HostConfig: { Binds: ["data:/x"] } }, "db")];
    const [first, second] = ids.map((id) => engineOf(id).name);
    expect(first).to.not.equal(second);
    const { LayersSize, Images, Containers, Volumes, BuildCache } = await usage();
    expect(LayersSize).to.equal(6_000_000);
    expect(Images).to.have.length(1);
    expect(Images![0]).to.include({ Containers: 2, Size: 6_000_000, SharedSize: 0 });
    expect(Containers?.map(({ Names }) => Names[0]).sort()).to.deep.equal(
      [`/${first}/web`, `/${second}/db`].sort(),
    );
    expect(Containers?.map(({ SizeRw }) => SizeRw)).to.deep.equal([1_000, 1_000]);
    expect(Containers?.[0]?.Status).to.match(/^Up /);
    expect(Volumes?.map(({ Name, UsageData }) => [Name, UsageData.RefCount])).to.deep.equal([
      [`${second}/data`, 1],
    ]);
    expect(BuildCache).to.deep.equal([]);
  });

  it("measures what was asked for", async () => {
    const { engines } = await start({ engines: [{ name: "node-1", version: NEW, containers: 1 }] });
    const { Images, Containers, Volumes, LayersSize } = await usage(
      "/v1.51/system/df?type=container&type=volume",
    );
    expect([Images, Containers?.length, Volumes, LayersSize]).to.deep.equal([null, 1, [], 0]);
    expect(engines[0]!.requests.map(({ url }) => url)).to.include(
      "/v1.51/system/df?type=container&type=volume",
    );
  });

  it("leaves out what an older engine measured all the same", async () => {
    await start({
      engines: [
        { name: "old", containers: 1 },
        { name: "new", version: NEW },
      ],
    });
    const { Images, Containers, LayersSize } = await usage("/v1.51/system/df?type=container");
    expect([Images, Containers?.length, LayersSize]).to.deep.equal([null, 1, 0]);
  });

  it("refuses types nobody knows to clients that may ask for types", async () => {
    const { ask, engines } = await start({ engines: [{ name: "node-1", version: NEW }] });
    const answer = await ask("GET", "/v1.42/system/df?type=bogus");
    expect([answer.status, answer.message]).to.deep.equal([400, "unknown object type: bogus"]);
    expect(engines[0]!.count(route)).to.equal(0);
    expect((await ask("GET", "/v1.41/system/df?type=bogus")).status).to.equal(200);
  });

  it("does without a node that fails, and says so", async () => {
    const { ask, engines, log } = await start();
    engines[1]!.failNext(route, 500, "a disk usage operation is already running");
    const answer = await ask("GET", "/system/df");
    expect(answer.fields().LayersSize).to.equal(4_000_000);
    expect(answer.headers.warning).to.equal('299 swarm "node-2: a disk usage operation is already running"');
    expect(log.join("")).to.include("a node's disk usage is left out");
  });

  it("does without a dead node", async () => {
    const { ask, engines } = await start();
    await engines[1]!.hangUp();
    const answer = await ask("GET", "/system/df");
    expect(answer.fields().LayersSize).to.equal(4_000_000);
    expect(answer.headers.warning).to.match(/^299 swarm "node-2: /);
  });

  it("is an error when nobody answers", async () => {
    const { ask, engines } = await start();
    for (const engine of engines) engine.failNext(route, 500, "disk on fire");
    const answer = await ask("GET", "/system/df");
    expect([answer.status, answer.message]).to.deep.equal([
      500,
      "node-1: disk on fire\nnode-2: disk on fire\nnode-3: disk on fire",
    ]);
  });

  it("asks an engine once for clients that ask at the same time", async () => {
    const { ask, engines } = await start({ engines: [{ name: "node-1" }] });
    const [engine] = engines;
    engine!.suspend();
    const asked = [ask("GET", "/system/df"), ask("GET", "/system/df")];
    await until(() => manager!.connections() >= 2, "both clients are here");
    await ask("GET", "/_ping");
    engine!.resume();
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
    expect(engine!.count(route)).to.equal(1);
    await ask("GET", "/system/df");
    expect(engine!.count(route)).to.equal(2);
  });
});
