import { expect } from "chai";
import { KEEPER_KEY, LEADER_KEY } from "../../src/replication/keys.ts";
import { rawConnection, startManager, until, type TestManager } from "../api/support.ts";
import { WANTED_FOLDER } from "../../src/reschedule/wanted/book.ts";
import { memoryStore } from "./support.ts";

const other = "10.9.9.9:3376";

describe("a manager with replication", () => {
  const rowsOf = async ({ ask }: TestManager) => {
    const { SystemStatus } = (await ask("GET", "/info")).json() as { SystemStatus: [string, string][] };
    return SystemStatus.filter(([key]) => key === "Role" || key === "Primary");
  };

  it("shows in /info whom it follows, and then that it leads itself", async () => {
    const { store, tree } = memoryStore();
    const reader = memoryStore(tree).store;
    await reader.put(LEADER_KEY, other);
    const replication = { advertise: "127.0.0.1:1", ttlMs: 4_000 };
    const state = { store, shared: true };
    await using manager = await startManager({ config: { replication }, state });
    expect(await rowsOf(manager)).to.deep.equal([
      ["Role", "replica"],
      ["Primary", other],
    ]);
    await reader.delete(LEADER_KEY);
    await until(async () => (await rowsOf(manager))[0]?.[1] === "primary", "it leads");
    expect(await rowsOf(manager)).to.deep.equal([["Role", "primary"]]);
    await reader.close();
  });

  describe("whose lease ends while it works on a request", () => {
    const lead = async () => {
      const { store, time } = memoryStore();
      const replication = { advertise: "127.0.0.1:1", ttlMs: 4_000 };
      const manager = await startManager({ config: { replication }, state: { store, shared: true } });
      await until(async () => (await rowsOf(manager))[0]?.[1] === "primary", "it leads");
      return { manager, expire: () => (time.nowMs += 4_000) };
    };
    /** A request whose body comes when the lease is over. */
    const late = async (path: string, body: string) => {
      const { manager, expire } = await lead();
      await using _ = manager;
      const client = await rawConnection(manager.port);
      client.socket.write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      await client.sees("100 Continue");
      expire();
      client.socket.write(body);
      await client.sees("}");
      client.socket.destroy();
      expect(client.text()).to.match(/HTTP\/1.1 503 /);
      expect(client.text()).to.include("Retry-After: 2");
      expect(client.text()).to.include("no longer the primary cluster manager: try again");
      return manager;
    };

    it("creates no network", async () => {
      const { engines } = await late("/networks/create", JSON.stringify({ Name: "late" }));
      const names = engines.flatMap(({ state }) => [...state.networks.values()].map(({ name }) => name));
      expect(names).to.not.include("late");
    });

    it("creates no volume on any node", async () => {
      const { engines } = await late("/volumes/create", JSON.stringify({ Name: "late" }));
      expect(engines.flatMap(({ state }) => [...state.volumes.keys()])).to.not.include("late");
    });

    it("moves no container whose port is taken", async () => {
      const { manager, expire } = await lead();
      await using _ = manager;
      const id = await manager.create({ HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } } });
      const engine = manager.engineOf(id);
      engine.holdPort(8080, "process");
      engine.suspend();
      const start = manager.ask("POST", `/containers/${id}/start`);
      await new Promise((resolve) => setTimeout(resolve, 250)); // until it is there, also on a busy machine
      expire();
      engine.resume();
      const answer = await start;
      expect(answer.message).to.include("no longer the primary cluster manager: try again");
      expect(answer.status).to.equal(503);
      expect(manager.engines.map(({ containers }) => containers.size)).to.have.members([1, 0, 0]);
    });
  });

  it("that stops stores what users ask until its last answer", async () => {
    const { store, tree } = memoryStore();
    const reader = memoryStore(tree).store;
    const manager = await startManager({ state: { store, shared: false } });
    const labels = { Labels: { "com.docker.swarm.reschedule-policies": '["on-node-failure"]' } };
    const gone = await manager.create(labels, "gone");
    for (const engine of manager.engines) engine.suspend();
    const asked = [
      manager.ask("DELETE", `/containers/${gone}`),
      manager.ask("POST", "/containers/create?name=new", { body: { Image: "busybox", ...labels } }),
    ];
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // until it is there, also on a busy machine
    const stopped = manager[Symbol.asyncDispose]();
    await new Promise((resolve) => setTimeout(resolve, 250)); // until it is there, also on a busy machine
    for (const engine of manager.engines) engine.resume();
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status)).to.deep.equal([204, 201]);
    await stopped;
    const kept = await reader.list({ folder: WANTED_FOLDER });
    expect(kept.map(({ value }) => (JSON.parse(value) as { name: string }).name)).to.deep.equal(["new"]);
    await reader.close();
  });

  it("without it is the primary, also where another manager moves the containers, and says nothing of elections", async () => {
    const { store, tree } = memoryStore();
    const reader = memoryStore(tree).store;
    await using manager = await startManager({ state: { store, shared: true } });
    await until(async () => (await reader.get(KEEPER_KEY)) !== undefined, "it has the keeper's lock");
    expect(await rowsOf(manager)).to.deep.equal([["Role", "primary"]]);
    await until(() => manager.log.some((line) => line.includes("keeps containers where they are wanted")));
    expect(manager.log.join("\n")).to.not.include("Leader Election");
    await reader.close();
  });
});
