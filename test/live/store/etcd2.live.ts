import { expect } from "chai";
import { Etcd2Backend } from "../../../src/store/etcd2.ts";
import { ManagedStore } from "../../../src/store/managed-store.ts";
import { openStore } from "../../../src/store/open.ts";
import { startEtcd } from "../../lab/stores/etcd.ts";
import { itBehavesLikeAStore } from "./contract.ts";
import { storeHome } from "./home.ts";
import { quick, Watched } from "./under-test.ts";

describe("store/etcd2", () => {
  itBehavesLikeAStore("as a store", { server: true }, async () => {
    const { server, address } = await startEtcd(storeHome(), { v2: true });
    const name = `etcd://${address}`;
    return {
      ttlMs: 1000,
      lockTtlMs: 1000,
      open: ({ prefix, address: at = address }) =>
        Promise.resolve(
          new ManagedStore(new Etcd2Backend({ endpoints: [at], name }), { name, prefix, ...quick }),
        ),
      server,
      address,
      url: name,
      options: { "kv.etcd": "v2" },
      compact: () => fillHistory(address),
      dispose: () => server[Symbol.asyncDispose](),
    };
  });

  it("is what etcd:// means where version 2 is on: programs of the original and ours see each other", async () => {
    await using etcd = await startEtcd(storeHome(), { v2: true });
    await using store = await openStore(`etcd://${etcd.address}/p`, quick);
    const keys = `http://${etcd.address}/v2/keys/p/docker/swarm`;
    const watched = new Watched(store, { folder: "docker/swarm/nodes" });
    await watched.sees([]);
    await fetch(`${keys}/nodes`, { method: "PUT", body: new URLSearchParams({ dir: "true" }) });
    const body = new URLSearchParams({ value: "10.0.0.9:2375", ttl: "30" });
    await fetch(`${keys}/nodes/10.0.0.9:2375`, { method: "PUT", body });
    await watched.sees(["10.0.0.9:2375"]);
    await store.put("docker/swarm/nodes/[::1]:2375", "[::1]:2375", { ttlMs: 29_500 });
    const lock = await store.lock("docker/swarm/leader", "10.0.0.1:3376", { ttlMs: 20_000 });
    const tree = await (await fetch(`${keys}?recursive=true`)).json();
    expect(JSON.stringify(tree)).to.include('"key":"/p/docker/swarm/nodes/[::1]:2375","value":"[::1]:2375"');
    const leader = (await (await fetch(`${keys}/leader`)).json()) as {
      readonly node: { readonly ttl: number };
    };
    expect(leader.node).to.include({ value: "10.0.0.1:3376" });
    expect(leader.node.ttl).to.be.within(18, 20);
    await lock.release();
    expect((await fetch(`${keys}/leader`)).status).to.equal(404);
    await watched.stop();
  });
});

/** Writes more events than the thousand that etcd's version 2 keeps. */
async function fillHistory(address: string): Promise<void> {
  const write = async () => {
    const body = new URLSearchParams({ value: "x" });
    await (await fetch(`http://${address}/v2/keys/noise`, { method: "PUT", body })).text();
  };
  for (let i = 0; i < 55; i++) await Promise.all(Array.from({ length: 20 }, write));
}
