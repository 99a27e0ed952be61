import { expect } from "chai";
import { startManager, until, type TestManager } from "./support.ts";

describe("api/containers/anchors", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager();
  });
  afterEach(() => manager[Symbol.asyncDispose]());

  const nodeOf = (id: string): string => manager.engineOf(id).state.name;
  const total = (): number => manager.engines.reduce((sum, { containers }) => sum + containers.size, 0);
  /** A network made behind the manager's back. */
  async function network(name: string, ...nodes: number[]): Promise<void> {
    for (const node of nodes) {
      const { addr } = manager.engines[node - 1]!;
      const body = JSON.stringify({ Name: name, Driver: "bridge" });
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(`http://${addr}/networks/create`, { method: "POST", body, headers });
      expect(answer.status).to.equal(201);
    }
    await until(async () => {
      const listed = (await manager.ask("GET", "/networks")).json() as { Name: string }[];
      return nodes.every((node) => listed.some(({ Name }) => Name === `node-${node}/${name}`));
    });
  }
  const joining = (name: string, more: object = {}) => ({ HostConfig: { NetworkMode: name, ...more } });
  const port80 = { PortBindings: { "80/tcp": [{ HostPort: "80" }] } };
  const refusal = async (body: object): Promise<string> => {
    const before = total();
    const answer = await manager.ask("POST", "/containers/create", { body: { Image: "busybox", ...body } });
    expect(answer.status, answer.text).to.equal(500);
    expect(total()).to.equal(before);
    return answer.message;
  };

  describe("a network of one node", () => {
    beforeEach(() => network("back", 2));

    it("refuses a container that its node cannot take, and says what to change", async () => {
      await manager.create({ ...joining("back", port80) }, "first");
      const text = await refusal(joining("back", port80));
      expect(text.split("\n").slice(-3)).to.deep.equal([
        "port: ruled out 1 of 3 nodes; nearest: node-2 (port 80 is held by first)",
        "network: ruled out 2 of 3 nodes; nearest: node-1 (network back is on node-2 only)",
        "remedy: network back is on node-2 only. Make room there, make the network on another node as well " +
          "(docker network create NODE/back), or use an overlay network, which spans nodes.",
      ]);
    });

    it("refuses it as well when the network is named with its node, or among other networks", async () => {
      await manager.create({ HostConfig: port80, Env: ["constraint:node==node-2"] });
      expect(await refusal(joining("node-2/back", port80))).to.include(
        "network node-2/back is on node-2 only",
      );
      const endpoints = { NetworkingConfig: { EndpointsConfig: { back: {} } }, HostConfig: port80 };
      expect(await refusal(endpoints)).to.include("network back is on node-2 only");
    });

    it("gives way to a user who insists on another node, but not to one who leaves a choice", async () => {
      expect(nodeOf(await manager.create({ ...joining("back"), Env: ["constraint:node==node-3"] }))).to.equal(
        "node-3",
      );
      for (const _ of [1, 2, 3]) await manager.create({ Env: ["constraint:node==node-2"] });
      const either = { ...joining("back"), Env: ["constraint:node==/node-[123]/"] };
      expect(nodeOf(await manager.create(either))).to.equal("node-2");
    });

    it("does not give way to another constraint", async () => {
      const text = await refusal({ ...joining("back"), Env: ["constraint:node!=node-2"] });
      expect(text).to.include(
        "conflict: network back is on node-2 only, constraint:node!=node-2 is on node-1 and node-3 only; no node has both.",
      );
    });

    it("conflicts with a container elsewhere", async () => {
      await manager.run({ Env: ["constraint:node==node-1"] }, "db");
      expect(await refusal(joining("back", { VolumesFrom: ["db"] }))).to.include(
        "conflict: --volumes-from=db is on node-1 only, network back is on node-2 only; no node has both. " +
          "Recreate db with -e constraint:node==node-2,",
      );
    });
  });

  it("a network that two nodes have, each its own, keeps the container on them", async () => {
    await network("back", 1, 3);
    for (const _ of [1, 2, 3, 4])
      expect(nodeOf(await manager.create(joining("back")))).to.not.equal("node-2");
    await network("front", 2);
    const both = { ...joining("front"), NetworkingConfig: { EndpointsConfig: { front: {}, back: {} } } };
    expect(await refusal(both)).to.include(
      "conflict: network front is on node-2 only, network back is on node-1 and node-3 only; no node has both.",
    );
  });

  it("more networks than a container can have are refused before any is looked up", async () => {
    const EndpointsConfig = Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`net-${n}`, {}]));
    const body = { Image: "busybox", NetworkingConfig: { EndpointsConfig } };
    const answer = await manager.ask("POST", "/containers/create", { body });
    expect(answer).to.include({
      status: 400,
      message: "too many networks for one container: the limit is 1000",
    });
  });

  it("a network nobody has is for the engine to refuse", async () => {
    const answer = await manager.ask("POST", "/containers/create", {
      body: { Image: "busybox", ...joining("nowhere") },
    });
    if (answer.status !== 201) expect(answer.message).to.include("nowhere");
  });

  it("two containers that a third needs, on different nodes, are both named", async () => {
    await manager.run({ Env: ["constraint:node==node-1"] }, "one");
    const two = await manager.run({ Env: ["constraint:node==node-2"] }, "two");
    const text = await refusal({ HostConfig: { Links: ["one:x"], NetworkMode: `container:${two}` } });
    expect(text.split("\n").at(-1)).to.equal(
      "conflict: --link=one:x is on node-1 only, --net=container:two is on node-2 only; no node has both. " +
        "Recreate two beside one with -e affinity:container==one, or both of them with -e constraint:node==node-1.",
    );
  });

  describe("volumes a Compose project shares", () => {
    const service = (project: string, volumes: object, more: object = {}) => ({
      Labels: { "com.docker.compose.project": project, "com.docker.compose.service": "web" },
      HostConfig: { ...volumes, ...more },
    });
    const binds = { Binds: ["data:/data:ro", "/etc:/etc"] };

    it("bring its containers to one node, as long as they fit", async () => {
      const first = nodeOf(await manager.run(service("shop", binds, port80)));
      const mounts = { Mounts: [{ Type: "volume", Source: "data", Target: "/data" }] };
      for (const volumes of [binds, mounts]) {
        const id = await manager.create(service("shop", volumes));
        expect(nodeOf(id)).to.equal(first);
        const { config } = manager.engineOf(id).container(id);
        expect(config.Labels?.["com.docker.swarm.constraints"]).to.equal(JSON.stringify([`node==~${first}`]));
      }
      expect(nodeOf(await manager.create(service("shop", binds, port80)))).to.not.equal(first);
    });

    it("bring them to one node when they come at the same moment, too", async () => {
      const creates = [1, 2, 3, 4].map(() => manager.create(service("shop", binds)));
      const nodes = (await Promise.all(creates)).map(nodeOf);
      expect(new Set(nodes).size, nodes.join()).to.equal(1);
    });

    it("let the next one be first when the first could not be made", async () => {
      const [failed, made] = await Promise.all([
        manager.ask("POST", "/containers/create", {
          body: { Image: "busybox", ...service("shop", binds), Env: ["constraint:node==node-9"] },
        }),
        manager.create(service("shop", binds)),
      ]);
      expect(failed.status).to.equal(500);
      expect(nodeOf(await manager.create(service("shop", binds)))).to.equal(nodeOf(made));
    });

    // prettier-ignore
    const others = [
      { it: "other projects",    next: service("other", binds) },
      { it: "other volumes",     next: service("shop", { Binds: ["other:/data"] }) },
      { it: "folders",           next: service("shop", { Binds: ["/data:/data"] }) },
      { it: "anonymous volumes", next: service("shop", { Binds: ["/x"], Mounts: [{ Type: "volume", Target: "/data" }] }) },
      { it: "no project",        next: { HostConfig: binds } },
    ];
    for (const { it: what, next } of others) {
      it(`say nothing about ${what}`, async () => {
        const first = nodeOf(await manager.run(service("shop", { Binds: ["data:/data", "/data:/x"] })));
        expect(nodeOf(await manager.create(next))).to.not.equal(first);
      });
    }

    it("do not stand against the user's own choice of a node", async () => {
      await manager.run({ ...service("shop", binds), Env: ["constraint:node==node-1"] });
      const pinned = { ...service("shop", binds), Env: ["constraint:node==node-2"] };
      const id = await manager.create(pinned);
      expect(nodeOf(id)).to.equal("node-2");
      const { config } = manager.engineOf(id).container(id);
      expect(config.Labels?.["com.docker.swarm.constraints"]).to.equal('["node==node-2"]');
    });
  });
});
