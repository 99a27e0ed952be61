import { expect } from "chai";
import { whileEnginesAnswer } from "./nonsense.ts";
import { startManager, until, type TestManager } from "./support.ts";

/** Engines that answer what no Docker Engine would: the cluster's own lists must stand it. */
describe("api/odd engines", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager({ engines: [{ name: "node-1" }, { name: "node-2" }] });
  });
  afterEach(() => manager[Symbol.asyncDispose]());

  const status = async (path: string): Promise<number> => (await manager.ask("GET", path)).status;
  const filters = (value: object): string => `filters=${encodeURIComponent(JSON.stringify(value))}`;

  it("lists networks and images though entries of one engine are odd", async () => {
    const [odd] = manager.engines;
    if (odd === undefined) throw new Error("there is an engine");
    const [network] = odd.state.networks.values();
    const [image] = odd.state.images.values();
    if (network === undefined || image === undefined) throw new Error("engines have a network and an image");
    const id = "9".repeat(64);
    odd.state.networks.set(id, { ...network, id, name: undefined as never, scope: "swarm" });
    odd.state.networks.set("8".repeat(64), { ...network, id: "8".repeat(64), name: "seen" });
    odd.state.images.set(`sha256:${id}`, { ...image, id: `sha256:${id}`, tags: [null, "odd:1"] as never });
    odd.state.events.record({ type: "network", action: "create", id, attributes: {} });
    odd.state.events.record({ type: "image", action: "pull", id: "odd:1", attributes: {} });
    await until(async () => (await manager.ask("GET", "/networks")).text.includes("node-1/seen"));
    await until(async () => (await manager.ask("GET", "/images/json")).text.includes("odd:1"));
    for (const path of [
      `/networks?${filters({ name: ["x.*"] })}`,
      `/images/json?${filters({ reference: ["odd"] })}`,
      "/images/odd:1/json",
      "/info",
    ])
      expect(await status(path), path).to.equal(200);
    expect(await status("/networks/nil")).to.equal(404);
    expect(await status("/images/nil/json")).to.equal(404);
  });

  it("reports a prune whatever engines say of it", async () => {
    const odd = {
      VolumesDeleted: 5,
      NetworksDeleted: [null, "a"],
      ContainersDeleted: {},
      ImagesDeleted: "x",
    };
    await whileEnginesAnswer("request", { ...odd, SpaceReclaimed: "1" }, async () => {
      const prune = async (what: string) => (await manager.ask("POST", `/${what}/prune`)).text.trim();
      expect(await prune("volumes")).to.equal('{"VolumesDeleted":null,"SpaceReclaimed":0}');
      expect(await prune("networks")).to.equal('{"NetworksDeleted":["a"]}');
      expect(await prune("containers")).to.equal('{"ContainersDeleted":null,"SpaceReclaimed":0}');
      expect(await prune("images")).to.equal('{"ImagesDeleted":null,"SpaceReclaimed":0}');
    });
  });

  it("measures disks whatever engines say of them", async () => {
    const odd = {
      Images: [null, { Id: "sha256:1", RepoTags: 5 }],
      Containers: [
        { Id: "1", Names: 5 },
        { Id: "2", Names: [null] },
      ],
      Volumes: [{ Name: "data", UsageData: 5 }, {}],
      BuildCache: [null, { ID: "a", Parents: 5 }],
      LayersSize: "x",
    };
    await whileEnginesAnswer("request", odd, async () => {
      const usage = (await manager.ask("GET", "/system/df")).fields();
      expect(usage.LayersSize).to.equal(0);
      expect(usage.Images).to.have.length(1);
      expect(usage.Containers).to.have.length(4);
      expect(usage.Volumes).to.have.length(2);
    });
  });
});
