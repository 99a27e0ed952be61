import { expect } from "chai";
import { startManager, until, type TestManager } from "./support.ts";

const OLD = { apiVersion: "1.41", minApiVersion: "1.12", serverVersion: "20.10.24" };
const NEW = { apiVersion: "1.51", minApiVersion: "1.44", serverVersion: "28.5.2" };
const MIDDLE = { apiVersion: "1.45", minApiVersion: "1.30", serverVersion: "26.1.5" };

interface Info {
  readonly SystemStatus: readonly (readonly [key: string, value: string])[];
}

describe("api/system", () => {
  let manager: TestManager | undefined;
  afterEach(() => manager?.[Symbol.asyncDispose]());
  const start = async (...versions: (typeof OLD)[]): Promise<TestManager> =>
    (manager = await startManager({
      engines: versions.map((version, n) => ({
        name: `node-${n + 1}`,
        version,
        cpus: 2,
        labels: { rack: `r${n}` },
      })),
    }));

  it("shows engines as the rows scripts parse", async () => {
    const { ask, engines, run } = await start(OLD, NEW);
    await run({ HostConfig: { CpuShares: 1, Memory: 64 << 20 } });
    const { SystemStatus } = (await ask("GET", "/info")).json() as Info;
    const [first] = engines;
    expect(SystemStatus.slice(0, 12).map(([key, value]) => `${key}: ${value}`)).to.deep.equal([
      "Role: primary",
      "Strategy: spread",
      "Filters: health, port, containerslots, dependency, affinity, constraint, whitelist",
      "Nodes: 2",
      ` node-1: ${first!.addr}`,
      `  └ ID: ${first!.id}|${first!.addr}`,
      "  └ Status: Healthy",
      "  └ Containers: 1 (1 Running, 0 Paused, 0 Stopped)",
      "  └ Reserved CPUs: 1 / 2",
      "  └ Reserved Memory: 64 MiB / 8.4 GiB",
      "  └ Labels: kernelversion=6.1.0-simulated, operatingsystem=Simulated Docker engine, ostype=linux, rack=r0, storagedriver=overlay2",
      SystemStatus.slice(11, 12).map(([key, value]) => `${key}: ${value}`)[0],
    ]);
    expect(SystemStatus[11]?.[0]).to.equal("  └ UpdatedAt");
    expect(SystemStatus[12]).to.deep.equal(["  └ ServerVersion", "20.10.24"]);
  });

  it("counts open event streams", async () => {
    const { ask, port } = await start(OLD);
    const leave = new AbortController();
    await fetch(`http://127.0.0.1:${port}/events`, { signal: leave.signal });
    expect((await ask("GET", "/info")).fields().NEventsListener).to.equal(1);
    leave.abort();
    await until(async () => (await ask("GET", "/info")).fields().NEventsListener === 0);
  });

  // prettier-ignore
  const pools = [
    { it: "one age",              versions: [OLD],              max: "1.41", min: "1.24" },
    { it: "two ages",             versions: [OLD, MIDDLE],      max: "1.41", min: "1.30" },
    { it: "ages that never meet", versions: [OLD, NEW],         max: "1.41", min: "1.24" },
    { it: "new ones",             versions: [NEW, NEW],         max: "1.51", min: "1.44" },
  ];
  for (const { it: what, versions, max, min } of pools) {
    it(`speaks ${min} to ${max} over engines of ${what}`, async () => {
      const { ask } = await start(...versions);
      const version = await ask("GET", "/version");
      expect(version.fields()).to.include({
        ApiVersion: max,
        MinAPIVersion: min,
        Version: "swarm/0.0.0-test",
      });
      expect(version.headers["api-version"]).to.equal(max);
      expect((await ask("GET", "/_ping")).headers["api-version"]).to.equal(max);
    });
  }

  it("refuses clients that are too old, but for _ping and version", async () => {
    const { ask } = await start(NEW);
    const answer = await ask("GET", "/v1.30/containers/json");
    expect(answer.status).to.equal(400);
    expect(answer.message).to.equal(
      "client version 1.30 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version",
    );
    for (const path of ["/v1.30/_ping", "/v1.30/version"])
      expect((await ask("GET", path)).status).to.equal(200);
  });

  it("speaks to each engine in a version it knows", async () => {
    const { ask, create, engines } = await start(OLD, NEW);
    for (const node of ["node-1", "node-2"])
      await create({ Env: [`constraint:node==${node}`] }, node.replace("-", ""));
    for (const version of ["/v1.24", "/v1.51", ""])
      for (const name of ["node1", "node2"])
        expect((await ask("GET", `${version}/containers/${name}/changes`)).status).to.equal(200);
    const asked = engines.map(({ requests }) =>
      requests
        .filter(({ route }) => route === "GET /containers/:id/changes")
        .map(({ url }) => url.split("/")[1]),
    );
    expect(asked).to.deep.equal([
      ["v1.24", "v1.41", "v1.41"],
      // Without a version the client gets what the pool advertises, as near as each engine comes to it.
      ["v1.44", "v1.51", "v1.44"],
    ]);
  });

  it("answers before it has any engine", async () => {
    const { ask } = await start();
    expect((await ask("GET", "/_ping")).text).to.equal("OK");
    expect((await ask("GET", "/containers/json")).fields()).to.deep.equal([]);
    const answer = await ask("POST", "/containers/create", { body: { Image: "busybox" } });
    expect(answer.status).to.equal(500);
    expect(answer.message).to.match(/^No healthy node available in the cluster/);
    const prune = await ask("POST", "/containers/prune");
    expect([prune.status, prune.message]).to.deep.equal([500, "no node available in the cluster"]);
  });

  it("tells events as they happen, with the node, and what a filter asks for only", async () => {
    const { run, ask, port } = await start(OLD);
    const filters = encodeURIComponent(JSON.stringify({ type: ["container"], event: ["start", "die"] }));
    const stream = await fetch(`http://127.0.0.1:${port}/v1.41/events?filters=${filters}`);
    const id = await run({}, "web");
    await ask("POST", "/containers/web/kill");
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of stream.body!) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (text.split("\n").length > 2) break;
    }
    const events = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, never>);
    expect(events.map(({ Action }) => Action)).to.deep.equal(["start", "die"]);
    for (const { Actor } of events as { Actor?: { ID: string; Attributes: Record<string, string> } }[]) {
      expect(Actor?.ID).to.equal(id);
      expect(Actor?.Attributes).to.include({ "node.name": "node-1", name: "web" });
    }
  });

  it("lists and shows images, and its networks and volumes", async () => {
    const { ask, engines } = await start(OLD, OLD);
    await fetch(`http://${engines[0]!.addr}/volumes/create`, { method: "POST", body: '{"Name":"data"}' });
    await until(async () => (await ask("GET", "/volumes")).text.includes('"node-1/data"'));
    const images = (await ask("GET", "/images/json")).json() as { RepoTags: string[] }[];
    expect(images.map(({ RepoTags }) => RepoTags)).to.deep.equal([["busybox:latest"]]);
    expect((await ask("GET", "/images/busybox/json")).fields()).to.have.property("RepoTags");
    expect((await ask("GET", "/images/busybox%3Alatest/history")).status).to.equal(200);
    const missing = await ask("GET", "/images/a/b:c/json");
    expect([missing.status, missing.message]).to.deep.equal([404, "No such image: a/b:c"]);
    expect((await ask("GET", "/networks")).text).to.include('"node-2/bridge"');
    const bridge = (await ask("GET", "/networks/node-2/bridge")).fields();
    expect(bridge).to.include({ Name: "bridge", Scope: "local" });
    expect((await ask("GET", `/networks/${String(bridge.Id).slice(0, 12)}`)).fields().Id).to.equal(bridge.Id);
    for (const volume of ["data", "node-1/data"])
      expect((await ask("GET", `/volumes/${volume}`)).fields()).to.include({ Name: "data", Driver: "local" });
    // prettier-ignore
    for (const [path, message] of [["/networks/bridge", "No such network: bridge"], ["/volumes/nosuch", "No such volume: nosuch"]] as const) {
      const answer = await ask("GET", path);
      expect([answer.status, answer.message]).to.deep.equal([404, message]);
    }
  });
});
