import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { openStore } from "../../../../src/store/open.ts";
import type { Home } from "../../../lab/stores/store-server.ts";
import type { ClusterMember, StoreCluster } from "../../../lab/stores/store-cluster.ts";
import { storeHome } from "../home.ts";
import { rejection, until, Watched } from "../under-test.ts";
import type { Store } from "../under-test.ts";

/** How long an entry or a lock lives that nobody renews: a manager's default, and longer than any change of leader takes. */
const ttlMs = 20_000;

/** Time for a renewal of the lock: one that failed is tried again after a twentieth of the TTL. */
const betweenFaultsMs = 1500;

/**
 * What every kind of store does when it is three servers of which one or two fail. The faults of a single server are in
 * the contract.
 */
export function outlivesItsMembers(
  scheme: string,
  start: (home: Home) => Promise<StoreCluster>,
  options: Readonly<Record<string, string>> = {},
): void {
  let cluster: StoreCluster;
  let opened = 0;
  const stores: Store[] = [];
  const open = async (prefix: string) => {
    const bounds = { callTimeoutMs: 1500, watchPollMs: 500, sessionMs: 8000 };
    const store = await openStore(`${scheme}://${cluster.addresses}/${prefix}`, { ...bounds, options });
    stores.push(store);
    return store;
  };
  before(async () => (cluster = await start(storeHome())));
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await cluster.recover();
  });
  after(async () => await cluster[Symbol.asyncDispose]());

  for (const fault of ["stands still", "dies"] as const) {
    it(`loses nothing while each member ${fault} in its turn, the leader first`, async () => {
      const prefix = `turn${String(opened++)}`;
      const [store, other] = [await open(prefix), await open(prefix)];
      await using beating = new Heartbeat(store);
      const watched = new Watched(other, { folder: "nodes" });
      const lock = await store.lock("leader", "us", { ttlMs });
      await until("the entry is there", async () => (await other.get("nodes/beat")) !== undefined);
      const values: string[] = [];
      for (const member of await leaderFirst(cluster)) {
        if (fault === "dies") await member.server.kill();
        else member.server.freeze();
        const value = `without ${member.address}`;
        await untilDone(() => store.put(`nodes/${String(values.length)}`, value));
        values.push(value);
        await watched.sees([...values, "alive"]);
        await until("the other client reads it, too", async () => {
          const entry = await other.get(`nodes/${String(values.length - 1)}`).catch(() => undefined);
          return entry?.value === value;
        });
        expect(lock.held(), `the lock without ${member.address}: ${String(lock.lost.reason)}`).to.equal(true);
        if (fault === "dies") await member.server.restart();
        else member.server.thaw();
        await sleep(betweenFaultsMs);
      }
      expect(statesWithout("alive", watched), watched.text()).to.deep.equal([]);
      const waiting = other.lock("leader", "them", { ttlMs });
      await lock.release();
      expect((await waiting).held()).to.equal(true);
      await beating.stop();
      await watched.stop();
    });
  }

  it("says so when only one member is left, and goes on with all entries when they are back", async () => {
    const prefix = `alone${String(opened++)}`;
    const [store, other] = [await open(prefix), await open(prefix)];
    await store.put("nodes/a", "1");
    const watched = new Watched(store, { folder: "nodes" });
    await watched.sees(["1"]);
    const lock = await other.lock("leader", "us", { ttlMs: 2000 });
    const [first, second] = await leaderFirst(cluster);
    await Promise.all([first!.server.kill(), second!.server.kill()]);
    expect((await rejection(store.put("nodes/b", "lost"))).kind).to.equal("unreachable");
    const failed = await watched.fails();
    await until("the lock is lost", () => !lock.held());
    await cluster.recover();
    await untilDone(() => store.put("nodes/c", "3"));
    await until("the watch goes on", () =>
      watched.updates.slice(failed).some((update) => update.kind === "state" && update.entries.length > 1),
    );
    const states = watched.updates.filter((update) => update.kind === "state");
    expect(states.every(({ entries }) => entries.some(({ value }) => value === "1"))).to.equal(true);
    await watched.stop();
  });
}

async function leaderFirst(cluster: StoreCluster): Promise<readonly ClusterMember[]> {
  const leader = await cluster.leader();
  return [leader, ...cluster.members.filter((member) => member !== leader)];
}

/** Writes until it succeeds: a store that elects a leader refuses for a while. */
async function untilDone(write: () => Promise<unknown>): Promise<void> {
  await until("the store takes a write", () =>
    write().then(
      () => true,
      () => false,
    ),
  );
}

/** The states a watch told after it had first seen a value, in which that value was missing. */
function statesWithout(wanted: string, { updates }: Watched): unknown[] {
  const states = updates.flatMap((update) => (update.kind === "state" ? [update.entries] : []));
  const has = (entries: (typeof states)[number]) => entries.some(({ value }) => value === wanted);
  return states.slice(states.findIndex(has)).filter((entries) => !has(entries));
}

/** What an agent does: writes its entry again and again, whatever becomes of it. */
class Heartbeat implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(store: Store) {
    this.#ended = (async () => {
      const { signal } = this.#stop;
      while (!signal.aborted) {
        await store.put("nodes/beat", "alive", { ttlMs, signal }).catch(() => undefined);
        await sleep(500, undefined, { signal }).catch(() => undefined);
      }
    })();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
