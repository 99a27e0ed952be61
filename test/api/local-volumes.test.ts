import { expect } from "chai";
import type { MountPoint } from "../../bench/fleet/types.ts";
import { startManager, type TestManager } from "./support.ts";

const CONSTRAINTS = "com.docker.swarm.constraints";

describe("api/create with a node's volume", () => {
  let manager: TestManager;
  before(async () => {
    manager = await startManager();
  });
  after(() => manager[Symbol.asyncDispose]());
  const post = (HostConfig: object, more: object = {}) =>
    manager.ask("POST", "/v1.41/containers/create", { body: { Image: "busybox", HostConfig, ...more } });
  /** Where the container went, its constraints, and what it mounts where. */
  const made = async (HostConfig: object, more: object = {}) => {
    const answer = await post(HostConfig, more);
    expect(answer.status, answer.text).to.equal(201);
    const id = String(answer.fields().Id);
    const engine = manager.engineOf(id);
    const { config, mounts } = engine.container(id);
    return {
      node: engine.name,
      constraints: config.Labels?.[CONSTRAINTS],
      mounts: mounts.map(({ Name, Destination, Mode }: MountPoint) => `${Name ?? ""}:${Destination}:${Mode}`),
    };
  };

  it("puts the container on that node and names the volume as its engine does", async () => {
    for (const node of ["node-1", "node-2", "node-3"]) {
      expect(await made({ Binds: [`${node}/vol:/x`, "other:/y:ro"] })).to.deep.equal({
        node,
        constraints: `["node==${node}"]`,
        mounts: ["vol:/x:z", "other:/y:ro"],
      });
    }
  });

  it("reads mounts as well, whatever the case of their fields", async () => {
    const mounts = [
      { Type: "volume", Source: "node-3/vol", Target: "/x" },
      { Type: "tmpfs", Target: "/t" },
    ];
    for (const key of ["Mounts", "mounts"]) {
      const { node, mounts: seen } = await made({ [key]: mounts });
      expect(node).to.equal("node-3");
      expect(seen[0]).to.equal("vol:/x:z");
    }
  });

  it("finds the node however many volumes are named", async () => {
    const [, second] = manager.engines;
    const names = ["node-2", String(second?.id)];
    const binds = Array.from({ length: 20 }, (_, n) => `${names[n % 2] ?? ""}/vol${n}:/x${n}:ro`);
    const { node, mounts } = await made({ Binds: binds });
    expect(node).to.equal("node-2");
    expect(mounts).to.have.members(Array.from({ length: 20 }, (_, n) => `vol${n}:/x${n}:ro`));
  });

  it("keeps options, and takes a node by its engine ID", async () => {
    const [, , third] = manager.engines;
    const { node, mounts } = await made({ Binds: [`${String(third?.id)}/vol:/x:ro`] });
    expect({ node, mounts }).to.deep.equal({ node: "node-3", mounts: ["vol:/x:ro"] });
  });

  it("holds whatever else was asked for", async () => {
    const { constraints } = await made(
      { Binds: ["node-2/vol:/x"] },
      { Labels: { [CONSTRAINTS]: '["node!=node-1"]' }, Env: ["constraint:storage!=tape"] },
    );
    expect(JSON.parse(constraints ?? "")).to.deep.equal(["node!=node-1", "storage!=tape", "node==node-2"]);
  });

  it("does not give way: another node in the way is nowhere to go", async () => {
    const answer = await post({ Binds: ["node-2/vol:/x"] }, { Env: ["constraint:node==node-1"] });
    expect(answer.status).to.equal(500);
    expect(answer.message).to.match(/^Unable to find a node[^]*\n\[node==node-1 node==node-2\]/);
  });

  it("accepts two volumes of one node and refuses those of two, naming them", async () => {
    expect(await made({ Binds: ["node-2/a:/a", "node-2/b:/b"] })).to.include({ node: "node-2" });
    const answer = await post({
      Binds: ["node-2/a:/a"],
      Mounts: [{ Type: "volume", Source: "node-3/b", Target: "/b" }],
    });
    expect(answer.status).to.equal(400);
    expect(answer.message).to.equal(
      "volume node-2/a is on node node-2 and volume node-3/b on node node-3: a container cannot have both",
    );
  });

  for (const bind of [
    "/node-2/vol:/x",
    "./node-2/vol:/x",
    "node-9/vol:/x",
    "node-2/a/b:/x",
    "vol:/node-2/x",
  ]) {
    it(`leaves ${bind} to the engine`, async () => {
      const answer = await post({ Binds: [bind] });
      if (answer.status === 201) {
        const id = String(answer.fields().Id);
        expect(manager.engineOf(id).container(id).config.Labels).to.not.have.property(CONSTRAINTS);
        expect(manager.engineOf(id).container(id).hostConfig.Binds).to.deep.equal([bind]);
      } else {
        expect(answer.status).to.equal(400);
        expect(answer.message).to.include(`"${bind.replace(/:.*/, "")}" includes invalid characters`);
      }
    });
  }

  it("leaves volumes-from and binds of paths alone", async () => {
    await manager.create({ Env: ["constraint:node==node-1"] }, "source");
    const { node, constraints } = await made({
      VolumesFrom: ["node-1/source:ro"],
      Mounts: [{ Type: "bind", Source: "node-2/vol", Target: "/x" }],
    });
    expect({ node, constraints }).to.deep.equal({ node: "node-1", constraints: undefined });
  });
});
