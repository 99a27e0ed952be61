import { expect } from "chai";
import type { SimulatedEngine } from "../../bench/fleet/index.ts";
import { silence, startManager, until, type TestManager } from "./support.ts";

const WHITELISTS = "com.docker.swarm.whitelists";

describe("api/volumes", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager();
  });
  afterEach(() => manager[Symbol.asyncDispose]());

  const ask = (method: string, path: string, body?: unknown) =>
    manager.ask(method, `/v1.41${path}`, body === undefined ? {} : { body });
  const create = (body: Readonly<Record<string, unknown>>) => ask("POST", "/volumes/create", body);
  const engine = (n: number): SimulatedEngine => {
    const found = manager.engines[n - 1];
    if (found === undefined) throw new Error(`there is no node-${n}`);
    return found;
  };
  /** Names of the engines that have a volume of this name. */
  const holders = (name: string): string[] =>
    manager.engines.filter(({ state }) => state.volumes.has(name)).map((each) => each.name);
  const listed = async (): Promise<string[]> => {
    const { Volumes } = (await ask("GET", "/volumes")).json() as { Volumes: { Name: string }[] | null };
    return (Volumes ?? []).map(({ Name }) => Name);
  };

  it("takes a volume for used that an image gave to a container just now", async () => {
    await create({ Name: "data" });
    const id = await manager.create({}, "web");
    const owner = manager.engineOf(id);
    Object.assign(owner.container(id), { mounts: [{ Type: "volume", Name: "data", Destination: "/data" }] });
    const filters = encodeURIComponent(JSON.stringify({ dangling: ["false"] }));
    const { Volumes } = (await ask("GET", `/volumes?filters=${filters}`)).fields();
    expect(Volumes).to.have.length(1).and.to.have.nested.property("[0].Name", `${owner.name}/data`);
  });

  describe("create", () => {
    it("makes the volume on every node, and knows it when the answer is there", async () => {
      manager.engines.forEach(silence);
      const answer = await create({ Name: "data", DriverOpts: { type: "tmpfs" }, Labels: { a: "1" } });
      expect(answer.status).to.equal(201);
      expect(answer.fields()).to.include({ Name: "data", Driver: "local", Scope: "local" });
      expect(holders("data")).to.deep.equal(["node-1", "node-2", "node-3"]);
      for (const { state } of manager.engines) {
        expect(state.volumes.get("data")).to.deep.include({ options: { type: "tmpfs" }, labels: { a: "1" } });
      }
      expect(await listed()).to.deep.equal(["node-1/data", "node-2/data", "node-3/data"]);
    });

    it("gives a volume without name the same one everywhere", async () => {
      for (const body of [{}, { Name: "" }]) {
        const { Name } = (await create(body)).fields();
        expect(Name).to.match(/^[0-9a-f]{64}$/);
        expect(holders(String(Name))).to.have.length(3);
      }
    });

    it("marks a volume without name as anonymous, as engines do: a prune finds it", async () => {
      const { Name } = (await create({ Labels: { a: "1" } })).fields();
      const labels = { a: "1", "com.docker.volume.anonymous": "" };
      for (const { state } of manager.engines)
        expect(state.volumes.get(String(Name))?.labels).to.deep.equal(labels);
      await create({ Name: "named" });
      expect(engine(1).state.volumes.get("named")?.labels ?? {}).to.deep.equal({});
    });

    it("puts node/name on that node, under its bare name", async () => {
      const answer = await create({ name: "node-2/data" });
      expect([answer.status, answer.fields().Name]).to.deep.equal([201, "data"]);
      expect(holders("data")).to.deep.equal(["node-2"]);
      expect((await create({ Name: `${engine(3).id}/other` })).status).to.equal(201);
      expect(holders("other")).to.deep.equal(["node-3"]);
    });

    it("refuses a node nobody knows with the scheduler's text", async () => {
      const answer = await create({ Name: "node-9/data" });
      expect(answer.status).to.equal(500);
      expect(answer.message).to.match(
        /^Unable to find a node .*\n\[available container slots\]\n\[node==node-9\]/,
      );
    });

    it("keeps to the nodes of a whitelist, whatever node the name has", async () => {
      for (const name of ["data", "node-1/more"]) {
        const answer = await create({ Name: name, Labels: { [WHITELISTS]: '["node==node-2|node-3"]' } });
        expect(answer.status).to.equal(201);
        expect(holders(name.replace("node-1/", ""))).to.deep.equal(["node-2", "node-3"]);
      }
    });

    it("succeeds where one node made it, and says in log and header who did not", async () => {
      await engine(2).hangUp();
      const answer = await create({ Name: "data" });
      expect(answer.status).to.equal(201);
      expect(holders("data")).to.deep.equal(["node-1", "node-3"]);
      expect(answer.headers.warning).to.match(/^299 swarm "node-2: Cannot connect/);
      expect(manager.log.join("\n")).to.match(/"failure":"node-2: Cannot connect/);
    });

    it("keeps the status all nodes agree on, and tells what each said", async () => {
      const answer = await create({ Name: "no way" });
      expect(answer.status).to.equal(400);
      expect(answer.message.split("\n")).to.have.length(3);
      expect(answer.message).to.match(/^node-1: create no way: "no way" includes invalid characters/);
    });

    it("answers a body that cannot be read with 400", async () => {
      for (const body of ["{", "[]", { Name: 7 }, { Labels: { a: 1 } }]) {
        expect((await ask("POST", "/volumes/create", body)).status).to.equal(400);
      }
    });
  });

  describe("inspect", () => {
    it("needs the node where several have the name", async () => {
      await create({ Name: "data" });
      await create({ Name: "node-3/own" });
      const bare = await ask("GET", "/volumes/data");
      expect([bare.status, bare.message]).to.deep.equal([404, "No such volume: data"]);
      for (const reference of ["node-2/data", "own", "node-3/own"]) {
        const answer = await ask("GET", `/volumes/${reference}`);
        expect([answer.status, answer.fields().Name]).to.deep.equal([200, reference.replace(/.*\//, "")]);
      }
    });
  });

  describe("for Compose", () => {
    const made = (name: string, project = "shop") =>
      create({ Name: name, Labels: { "com.docker.compose.project": project } });
    const seen = async (reference: string) => (await ask("GET", `/volumes/${reference}`)).status;

    it("is there under its bare name when Compose made it for one project", async () => {
      await made("data");
      expect(await seen("data")).to.equal(200);
      await ask("DELETE", "/volumes/node-1/data");
      await create({ Name: "node-1/data" });
      const answer = await ask("GET", "/volumes/data");
      expect(answer.fields().Labels).to.have.property("com.docker.compose.project", "shop");
      expect((await ask("GET", "/volumes/node-1/data")).fields().Labels).to.equal(null);
      await ask("DELETE", "/volumes/node-2/data");
      await made("node-2/data", "other");
      expect(await seen("data")).to.equal(404);
    });

    it("asks another node when the first is lost", async () => {
      await manager[Symbol.asyncDispose]();
      const settings = { refreshMinMs: 30_000, refreshMaxMs: 60_000, failureRetry: 1 };
      manager = await startManager({ config: { engine: settings } });
      await made("data");
      await engine(1).hangUp();
      await until(async () => (await seen("data")) === 200, "an answer from another node");
      expect(await seen("node-1/data")).to.equal(500);
    });

    it("lists each volume of a project once, under its bare name", async () => {
      await made("data");
      await create({ Name: "side" });
      const query = encodeURIComponent('{"label":{"com.docker.compose.project=shop":true}}');
      const { Volumes } = (await ask("GET", `/volumes?filters=${query}`)).fields();
      expect((Volumes as { Name: string }[]).map(({ Name }) => Name)).to.deep.equal(["data"]);
    });
  });

  describe("delete", () => {
    it("removes the volume from every node that has it, or from the one named", async () => {
      await create({ Name: "data" });
      manager.engines.forEach(silence);
      expect((await ask("DELETE", "/volumes/node-2/data")).status).to.equal(204);
      expect(holders("data")).to.deep.equal(["node-1", "node-3"]);
      expect(await listed()).to.deep.equal(["node-1/data", "node-3/data"]);
      const answer = await ask("DELETE", "/volumes/data");
      expect([answer.status, answer.text]).to.deep.equal([204, ""]);
      expect(holders("data")).to.deep.equal([]);
      expect(await listed()).to.deep.equal([]);
    });

    it("says with a line per node who could not; the others have removed theirs", async () => {
      await create({ Name: "data" });
      const user = await manager.create({
        Env: ["constraint:node==node-2"],
        HostConfig: { Binds: ["data:/x"] },
      });
      const answer = await ask("DELETE", "/volumes/data");
      expect(answer.status).to.equal(409);
      expect(answer.message).to.equal(`node-2: remove data: volume is in use - [${user}]`);
      expect(holders("data")).to.deep.equal(["node-2"]);
    });

    it("does not call gone what a node keeps that cannot be asked", async () => {
      await create({ Name: "data" });
      await engine(1).hangUp();
      const answer = await ask("DELETE", "/volumes/data");
      expect(answer.status).to.equal(500);
      expect(answer.message).to.match(/^node-1: [^\n]*$/);
      expect(holders("data")).to.deep.equal(["node-1"]);
    });

    it("knows no volume that nobody has, but with force that is no mistake", async () => {
      for (const reference of ["nil", "node-1/nil", "node-9/nil"]) {
        const answer = await ask("DELETE", `/volumes/${reference}`);
        expect([answer.status, answer.message]).to.deep.equal([404, `No such volume ${reference}`]);
      }
      expect((await ask("DELETE", "/volumes/nil?force=1")).status).to.equal(204);
      expect((await ask("DELETE", "/volumes/node-1/nil?force=1")).status).to.equal(204);
      expect((await ask("DELETE", "/volumes/node-9/nil?force=1")).status).to.equal(404);
    });

    it("passes force on", async () => {
      await create({ Name: "node-1/data" });
      await ask("DELETE", "/volumes/data?force=1");
      const { url } = engine(1).requests.findLast(({ route }) => route === "DELETE /volumes/:name") ?? {};
      expect(url).to.match(/\/volumes\/data\?force=1$/);
    });
  });

  describe("prune", () => {
    it("names what went as node/name, and knows it is gone", async () => {
      await create({ Name: "data" });
      await manager.create({ Env: ["constraint:node==node-2"], HostConfig: { Binds: ["data:/x"] } });
      manager.engines.forEach(silence);
      const answer = await ask("POST", "/volumes/prune");
      expect(answer.status).to.equal(200);
      expect(answer.json()).to.deep.equal({
        VolumesDeleted: ["node-1/data", "node-3/data"],
        SpaceReclaimed: 0,
      });
      expect(await listed()).to.deep.equal(["node-2/data"]);
      expect((await ask("POST", "/volumes/prune")).fields().VolumesDeleted).to.equal(null);
    });

    it("keeps to the nodes a filter names", async () => {
      await create({ Name: "data" });
      const query = encodeURIComponent('{"node":{"node-3":true}}');
      const answer = await ask("POST", `/volumes/prune?filters=${query}`);
      expect(answer.fields().VolumesDeleted).to.deep.equal(["node-3/data"]);
    });
  });

  it("says that there are no cluster volumes to update", async () => {
    const answer = await ask("PUT", "/volumes/data", {});
    expect(answer.status).to.equal(503);
    expect(answer.message).to.equal("volume update only valid for cluster volumes, but swarm is unavailable");
  });

  it("hears of volumes made on an engine itself", async () => {
    const { volumes, events } = engine(3).state;
    volumes.set("side", { name: "side", driver: "local", createdMs: 0, labels: null, options: null });
    events.record({ type: "volume", action: "create", id: "side", attributes: { driver: "local" } });
    await until(async () => (await listed()).includes("node-3/side"));
  });

  it("lists no anonymous volume of a container removed with its volumes", async () => {
    await create({ Name: "node-2/data" });
    const id = await manager.create({ Env: ["constraint:node==node-2"] });
    manager.engines.forEach(silence);
    engine(2).state.volumes.delete("data");
    expect((await ask("DELETE", `/containers/${id}?v=1`)).status).to.equal(204);
    expect(await listed()).to.deep.equal([]);
  });
});
