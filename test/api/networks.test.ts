import { expect } from "chai";
import { whileEnginesAnswer } from "./nonsense.ts";
import { silence, until } from "./support.ts";
import { SHARED_ID, useNetworks } from "./use-networks.ts";

describe("api/networks", () => {
  const { manager, restart, ask, create, engine, holders, listed, share } = useNetworks();

  describe("inspect", () => {
    it("gives the engine's answer with live endpoints and passes the query on", async () => {
      await create({ Name: "node-2/net", Driver: "bridge" });
      const id = await manager().run({ HostConfig: { NetworkMode: "net" } }, "web");
      const answer = await ask("GET", "/networks/node-2/net?verbose=true&scope=local");
      expect(answer.status).to.equal(200);
      expect(answer.fields().Name).to.equal("net");
      expect(answer.fields().Containers).to.have.all.keys(id);
      const { url } = engine(2).requests.findLast(({ route }) => route === "GET /networks/:id") ?? {};
      expect(url).to.match(/\?verbose=true&scope=local$/);
    });

    it("brings together what several nodes say of a shared network", async () => {
      await share();
      const ids = [];
      for (const n of [1, 2]) {
        const id = await manager().run({ Env: [`constraint:node==node-${n}`] });
        await ask("POST", "/networks/shared/connect", { Container: id });
        ids.push(id);
      }
      for (const reference of ["shared", "node-1/shared", "node-3/shared", SHARED_ID.slice(0, 12)]) {
        const answer = await ask("GET", `/networks/${reference}`);
        expect(answer.fields().Name).to.equal("shared");
        expect(answer.fields().Containers).to.have.all.keys(...ids);
      }
      await engine(1).hangUp();
      const answer = await ask("GET", "/networks/shared");
      expect(answer.fields().Containers).to.have.all.keys(ids[1] ?? "");
      expect(String(answer.headers.warning)).to.match(/^299 swarm "node-1: /);
    });

    it("takes an answer that is no network for a failure of its node", async () => {
      await share();
      for (const text of ["null", "[]", "<html>"]) {
        await whileEnginesAnswer("requestText", text, async () => {
          const answer = await ask("GET", "/networks/shared");
          expect(answer.status).to.equal(500);
          expect(answer.message).to.match(/^node-1: the engine answered without a network$/m);
        });
      }
    });
  });

  describe("delete", () => {
    it("removes a network from its node and from the list", async () => {
      await create({ Name: "node-2/net", Driver: "bridge" });
      silence(engine(2));
      const answer = await ask("DELETE", "/networks/node-2/net");
      expect([answer.status, answer.text]).to.deep.equal([204, ""]);
      expect(holders("net")).to.deep.equal([]);
      expect(await listed()).to.deep.equal([]);
    });

    it("keeps the engine's status and text, and says what it does not know", async () => {
      const predefined = await ask("DELETE", "/networks/node-1/bridge");
      expect(predefined.status).to.equal(403);
      expect(predefined.message).to.equal("bridge is a pre-defined network and cannot be removed");
      const unknown = await ask("DELETE", "/networks/nil");
      expect([unknown.status, unknown.message]).to.deep.equal([404, "No such network nil"]);
    });

    it("asks the next node that has a shared network, and forgets it on all", async () => {
      await share();
      manager().engines.forEach(silence);
      await engine(1).hangUp();
      const answer = await ask("DELETE", "/networks/shared");
      expect(answer.status).to.equal(204);
      expect(await listed()).to.deep.equal([]);
      expect(holders("shared")).to.have.length(2);
    });

    it("tells what each node said when none could be reached", async () => {
      await create({ Name: "node-1/net", Driver: "bridge" });
      await engine(1).hangUp();
      const answer = await ask("DELETE", "/networks/net");
      expect(answer.status).to.equal(500);
      expect(answer.message).to.match(/^node-1: Cannot connect to the Docker daemon/);
    });
  });

  describe("prune", () => {
    it("goes through the nodes one by one and names each network once", async () => {
      await create({ Name: "node-1/a", Driver: "bridge" });
      await create({ Name: "node-2/b", Driver: "bridge" });
      await create({ Name: "node-3/a", Driver: "bridge" });
      const used = await manager().run({ HostConfig: { NetworkMode: "node-2/b" } });
      expect(manager().engineOf(used).name).to.equal("node-2");
      manager().engines.forEach(silence);
      const answer = await ask("POST", "/networks/prune");
      expect(answer.status).to.equal(200);
      expect(answer.json()).to.deep.equal({ NetworksDeleted: ["a"] });
      expect(await listed()).to.deep.equal(["node-2/b"]);
      expect((await ask("POST", "/networks/prune")).json()).to.deep.equal({ NetworksDeleted: null });
    });

    it("asks no node before the one ahead has answered", async () => {
      await create({ Name: "node-3/a", Driver: "bridge" });
      engine(1).suspend();
      const pruned = ask("POST", "/networks/prune");
      for (const n of [2, 3]) await create({ Name: `node-${n}/b`, Driver: "bridge" });
      const asked = () => [2, 3].map((n) => engine(n).count("POST /networks/prune"));
      expect(asked()).to.deep.equal([0, 0]);
      engine(1).resume();
      expect((await pruned).json()).to.deep.equal({ NetworksDeleted: ["b", "a"] });
      expect(asked()).to.deep.equal([1, 1]);
    });

    it("says which nodes it could not ask", async () => {
      await restart({ config: { engine: { refreshMinMs: 20, refreshMaxMs: 30, failureRetry: 1 } } });
      await engine(3).hangUp();
      await until(async () => (await ask("GET", "/info")).text.includes('"Unhealthy"'));
      const answer = await ask("POST", "/networks/prune");
      expect([answer.status, answer.headers.warning]).to.deep.equal([200, '299 swarm "node-3: not healthy"']);
    });

    it("keeps to the nodes a filter names, by name or ID", async () => {
      await create({ Name: "node-1/a", Driver: "bridge" });
      await create({ Name: "node-2/b", Driver: "bridge" });
      const node = engine(2).state.id;
      const query = encodeURIComponent(JSON.stringify({ node: { [node]: true } }));
      const answer = await ask("POST", `/networks/prune?filters=${query}`);
      expect(answer.json()).to.deep.equal({ NetworksDeleted: ["b"] });
      expect(holders("a")).to.deep.equal(["node-1"]);
    });
  });

  it("lists a container that was started just now with its network", async () => {
    const id = await manager().run({}, "web");
    const filters = encodeURIComponent(JSON.stringify({ name: ["bridge"] }));
    const networks = (await ask("GET", `/networks?filters=${filters}`)).json() as { Containers: object }[];
    expect(networks.flatMap(({ Containers }) => Object.keys(Containers))).to.deep.equal([id]);
  });

  it("does not list what left with its node", async () => {
    await create({ Name: "node-3/a", Driver: "bridge" });
    expect(await listed()).to.deep.equal(["node-3/a"]);
    manager().setEngines(manager().engines.slice(0, 2));
    await until(async () => (await listed()).length === 0);
    expect((await ask("GET", "/networks/a")).status).to.equal(404);
  });

  it("hears of networks made on an engine itself", async () => {
    const { networks, events } = engine(3).state;
    const [bridge] = [...networks.values()].filter(({ name }) => name === "bridge");
    if (bridge === undefined) throw new Error("every engine has a bridge");
    const network = { ...bridge, id: "7".repeat(64), name: "side" };
    networks.set(network.id, network);
    events.record({
      type: "network",
      action: "create",
      id: network.id,
      attributes: { name: "side", type: "bridge" },
    });
    await until(async () => (await listed()).includes("node-3/side"));
  });
});
