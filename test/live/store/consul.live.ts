import { expect } from "chai";
import { ConsulBackend } from "../../../src/store/consul.ts";
import { ManagedStore } from "../../../src/store/managed-store.ts";
import { openStore } from "../../../src/store/open.ts";
import { startConsul } from "../../lab/stores/consul.ts";
import type { LabConsul } from "../../lab/stores/consul.ts";
import { storeHome } from "./home.ts";
import { itBehavesLikeAStore } from "./contract.ts";
import { quick, rejection, until, Watched } from "./under-test.ts";

describe("store/consul", () => {
  itBehavesLikeAStore("as a store", { server: true }, async () => {
    const { server, address } = await startConsul(storeHome());
    const name = `consul://${address}`;
    return {
      ttlMs: 2000,
      lockTtlMs: 2000,
      open: ({ prefix, address: at = address }) =>
        Promise.resolve(
          new ManagedStore(new ConsulBackend({ endpoints: [at], name }), { name, prefix, ...quick }),
        ),
      server,
      address,
      url: name,
      dispose: () => server[Symbol.asyncDispose](),
    };
  });

  describe("shared with programs of the original", () => {
    let consul: LabConsul;
    before(async () => (consul = await startConsul(storeHome())));
    after(async () => await consul[Symbol.asyncDispose]());
    /** One request as the original sends it. */
    const raw = async (method: string, path: string, body?: string) => {
      const request = { method, ...(body === undefined ? {} : { body }) };
      const response = await fetch(`http://${consul.address}/v1${path}`, request);
      return await response.text();
    };
    const flags = "3304740253564472344";

    it("writes the flags without which the other side refuses a key", async () => {
      await using store = await openStore(`consul://${consul.address}/p`, quick);
      await store.put("plain", "x");
      await store.put("mortal", "x", { ttlMs: 60_000 });
      await store.lock("lock", "x", { ttlMs: 60_000 });
      for (const key of ["plain", "mortal", "lock"]) {
        const text = await raw("GET", `/kv/p/${key}`);
        expect(text, key).to.include(`"Flags":${flags}`);
        expect(text.includes('"Session"'), key).to.equal(key !== "plain");
      }
    });

    it("sees what an agent registers and takes over what it leaves", async () => {
      await using store = await openStore(`consul://${consul.address}/q`, quick);
      const watched = new Watched(store, { folder: "docker/swarm/nodes" });
      await watched.sees([]);
      const body = '{"Behavior":"delete","LockDelay":"1ms","TTL":"2s"}';
      const { ID } = JSON.parse(await raw("PUT", "/session/create", body)) as { readonly ID: string };
      const key = "/kv/q/docker/swarm/nodes/10.0.0.9:2375";
      expect(await raw("PUT", `${key}?acquire=${ID}&flags=${flags}`)).to.equal("true");
      expect(await raw("PUT", `${key}?flags=${flags}`, "10.0.0.9:2375")).to.equal("true");
      await watched.sees(["10.0.0.9:2375"]);
      // The same address, registered by us as well: the agent's session no longer decides.
      await store.put("docker/swarm/nodes/10.0.0.9:2375", "10.0.0.9:2375", { ttlMs: 60_000 });
      await raw("PUT", `/session/destroy/${ID}`);
      expect(await store.list({ folder: "docker/swarm/nodes" })).to.have.length(1);
      await watched.stop();
    });

    it("waits for a leader of the other side, whose value stays when it is gone", async () => {
      await using store = await openStore(`consul://${consul.address}/r`, quick);
      const leader = new Watched(store, { lock: "docker/swarm/leader" });
      const body = '{"Behavior":"release","LockDelay":"1ms","TTL":"10s"}';
      const { ID } = JSON.parse(await raw("PUT", "/session/create", body)) as { readonly ID: string };
      const key = `/kv/r/docker/swarm/leader?acquire=${ID}&flags=${flags}`;
      expect(await raw("PUT", key, "10.0.0.1:3376")).to.equal("true");
      await leader.sees(["10.0.0.1:3376"]);
      const waiting = store.lock("docker/swarm/leader", "10.0.0.2:3376", { ttlMs: 20_000 });
      await raw("PUT", `/session/destroy/${ID}`);
      const lock = await waiting;
      await leader.sees(["10.0.0.2:3376"]);
      expect(await raw("PUT", key.replace(ID, "0"), "x")).to.not.equal("true");
      expect(lock.held()).to.equal(true);
      await leader.stop();
    });
  });

  it("needs its token, and takes sessions as short as the server allows", async () => {
    await using consul = await startConsul(storeHome(), { acl: true, shortestSession: "10s" });
    const open = (options: Record<string, string>) =>
      openStore(`consul://${consul.address}/p`, { ...quick, options });
    for (const options of [{}, { "kv.token": "22222222-2222-3333-4444-555555555555" }]) {
      await using store = await open(options);
      expect((await rejection(store.put("k", "v"))).kind).to.equal("auth");
      const watched = new Watched(store, { folder: "nodes" });
      await watched.fails(); // and does not say that there are no nodes
      await watched.stop();
      expect(watched.updates.some(({ kind }) => kind === "state")).to.equal(false);
    }
    await using store = await open({ "kv.token": consul.token });
    await store.put("k", "v", { ttlMs: 1000 });
    const lock = await store.lock("l", "v", { ttlMs: 1000 });
    await until("the entry is there", async () => (await store.get("k"))?.value === "v");
    expect([lock.held(), lock.freeWithinMs]).to.deep.equal([true, 20_000]);
  });
});
