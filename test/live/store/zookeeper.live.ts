import { expect } from "chai";
import { openStore } from "../../../src/store/open.ts";
import { ManagedStore } from "../../../src/store/managed-store.ts";
import { ZooKeeperBackend } from "../../../src/store/zookeeper.ts";
import { isLockChild } from "../../../src/store/zookeeper-locks.ts";
import { ZooKeeperNodes } from "../../../src/store/zookeeper-nodes.ts";
import { ZooKeeperSession } from "../../../src/store/zookeeper-session.ts";
import { createMode } from "../../../src/store/zookeeper-wire.ts";
import { startZooKeeper } from "../../lab/stores/zookeeper.ts";
import type { LabZooKeeper } from "../../lab/stores/zookeeper.ts";
import { itBehavesLikeAStore } from "./contract.ts";
import { storeHome } from "./home.ts";
import { Relay } from "./relay.ts";
import { quick, rejection, until, Watched } from "./under-test.ts";

const sessionMs = 1500;

describe("store/zookeeper", () => {
  itBehavesLikeAStore("as a store", { server: true }, async () => {
    const { server, address } = await startZooKeeper(storeHome());
    const name = `zk://${address}`;
    const connection = { endpoints: [address], name } as const;
    return {
      ttlMs: 1500,
      lockTtlMs: sessionMs,
      open: ({ prefix, address: at = address }) =>
        Promise.resolve(
          new ManagedStore(new ZooKeeperBackend({ endpoints: [at], name }, sessionMs), {
            name,
            prefix,
            ...quick,
          }),
        ),
      server,
      address,
      url: name,
      breakLock: async (prefix, key) => {
        const session = new ZooKeeperSession(connection, sessionMs, () => undefined);
        const nodes = new ZooKeeperNodes(connection, session);
        const signal = AbortSignal.timeout(5000);
        for (const child of await nodes.children(`/${prefix}/${key}`, signal)) {
          if (isLockChild(child)) await nodes.remove(`/${prefix}/${key}/${child}`, signal);
        }
        await session.close();
      },
      dispose: () => server[Symbol.asyncDispose](),
    };
  });

  describe("shared with others", () => {
    let zookeeper: LabZooKeeper;
    before(async () => (zookeeper = await startZooKeeper(storeHome())));
    after(async () => await zookeeper[Symbol.asyncDispose]());

    it("waits for a leader of the original, whose value stays when it is gone", async () => {
      await using store = await openStore(`zk://${zookeeper.address}/p`, { ...quick, sessionMs });
      const connection = { endpoints: [zookeeper.address], name: "original" } as const;
      const nodes = new ZooKeeperNodes(
        connection,
        new ZooKeeperSession(connection, sessionMs, () => undefined),
      );
      const signal = AbortSignal.timeout(10_000);
      const leader = "/p/docker/swarm/leader";
      await nodes.create(leader, "", createMode.persistent, signal);
      const line = `${leader}/_c_0123456789abcdef0123456789abcdef-lock-`;
      await nodes.create(line, "", createMode.ephemeralSequential, signal);
      await nodes.write(leader, "10.0.0.1:3376", -1, signal);
      const watched = new Watched(store, { lock: "docker/swarm/leader" });
      await watched.sees(["10.0.0.1:3376"]);
      const waiting = store.lock("docker/swarm/leader", "10.0.0.2:3376", { ttlMs: 1000 });
      await nodes.session.close();
      expect((await waiting).held()).to.equal(true);
      await watched.sees(["10.0.0.2:3376"]);
      await watched.stop();
    });

    it("registers anew at once what went with an expired session", async () => {
      await using relay = await Relay.start(zookeeper.address);
      await using store = await openStore(`zk://${relay.address}/q`, { ...quick, sessionMs });
      await using other = await openStore(`zk://${zookeeper.address}/q`, { ...quick, sessionMs });
      await store.put("nodes/a", "a", { ttlMs: 30_000 });
      relay.cut();
      await until("the session expires", async () => (await other.get("nodes/a")) === undefined);
      relay.mend();
      await until("the entry is back", async () => (await other.get("nodes/a"))?.value === "a");
    });

    it("makes up for a release that did not get through", async () => {
      await using relay = await Relay.start(zookeeper.address);
      await using store = await openStore(`zk://${relay.address}/s`, { ...quick, sessionMs });
      await using other = await openStore(`zk://${zookeeper.address}/s`, { ...quick, sessionMs });
      const lock = await store.lock("leader", "a", { ttlMs: 1000 });
      relay.cut();
      const released = lock.release();
      relay.reset();
      await released;
      // The session lives on, over a new connection: only a clean-up lets the next one in.
      expect((await other.lock("leader", "b", { ttlMs: 1000 })).held()).to.equal(true);
    });

    it("replaces a connection that died without a sign", async () => {
      await using relay = await Relay.start(zookeeper.address);
      await using store = await openStore(`zk://${relay.address}/t`, { ...quick, sessionMs });
      await store.put("k", "v");
      relay.forget();
      await until("the store answers again", () =>
        store.get("k").then(
          (entry) => entry?.value === "v",
          () => false,
        ),
      );
    });

    it("keeps what a named user writes from everybody else", async () => {
      const open = (options: Record<string, string>) =>
        openStore(`zk://${zookeeper.address}/r`, { ...quick, sessionMs, options });
      await using mine = await open({ "kv.user": "swarm", "kv.password": "pass" });
      await mine.put("k", "v");
      await mine.put("k", "w");
      expect((await mine.lock("l", "v", { ttlMs: 1000 })).held()).to.equal(true);
      for (const options of [{}, { "kv.user": "swarm", "kv.password": "wrong" }]) {
        await using theirs = await open(options);
        expect((await rejection(theirs.get("k"))).kind).to.equal("auth");
        expect((await rejection(theirs.put("k", "x"))).kind).to.equal("auth");
      }
    });
  });
});
