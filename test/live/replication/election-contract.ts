import { expect } from "chai";
import { openStore } from "../../../src/store/open.ts";
import { eventually } from "../../lab/eventually.ts";
import type { StoreServer } from "../../lab/stores/store-server.ts";
import { succeed } from "../support/docker-cli.ts";
import { watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { saidAt } from "../support/log-times.ts";
import { Manager } from "../support/manager.ts";

/** A store that managers elect their primary in. */
export interface ElectionStore extends AsyncDisposable {
  readonly server: StoreServer;
  /** With a prefix: `etcd://…/swarm`. */
  readonly uri: string;
  /** `--replication-ttl`. */
  readonly ttl: string;
  /** After the death of a primary the store gives its lock away within so many milliseconds. */
  readonly leaseMs: number;
}

/** `docker info` on a manager: the rows about managers. */
interface Rows {
  readonly role: string | undefined;
  /** Absent on a primary. */
  readonly primary: string | undefined;
}

const acquired = "Leader Election: Cluster leadership acquired";
const lost = "Leader Election: Cluster leadership lost";

/** So long a busy machine may take for what nobody measures, milliseconds. */
const patienceMs = 15_000;

/** Three managers over the lab's engines: who leads while managers and the store die, stand still and come back. */
export function itElectsOnePrimary(start: () => Promise<ElectionStore>): void {
  let store: ElectionStore;
  let managers: Manager[] = [];

  const startManager = async () =>
    await Manager.start(lab(), {
      discovery: store.uri,
      replicated: true,
      args: [...(watchful.args ?? []), "--replication-ttl", store.ttl],
    });
  const rowsOf = async (manager: Manager): Promise<Rows> => {
    const status = (await manager.info()).SystemStatus as readonly (readonly [string, string])[];
    const row = (name: string) => status.find(([key]) => key.trim() === name)?.[1];
    return { role: row("Role"), primary: row("Primary") };
  };
  /** Waits until exactly one of them leads and the others know which; gives it. */
  const agreed = async (among: readonly Manager[], withinMs = patienceMs): Promise<Manager> =>
    await eventually(
      "one manager leads and the others know it",
      async () => {
        const rows = await Promise.all(among.map(rowsOf));
        const leaders = among.filter((_, index) => rows[index]!.role === "primary");
        const [leader, ...others] = leaders;
        if (leader === undefined || others.length > 0) return undefined;
        const followed = rows.filter(({ role, primary }) => role === "replica" && primary === leader.address);
        return followed.length === among.length - 1 ? leader : undefined;
      },
      withinMs,
    );
  const withoutOne = (one: Manager) => managers.filter((each) => each !== one);
  const replace = async (gone: Manager) => {
    managers = [...withoutOne(gone), await startManager()];
    return await agreed(managers, store.leaseMs + patienceMs);
  };
  const createAt = async ({ http }: Manager, name: string): Promise<number> => {
    const response = await fetch(`${http}/containers/create?name=${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ Image: "busybox", Cmd: ["true"] }),
    });
    await response.text();
    return response.status;
  };
  /** Its own word on leadership, in order. */
  const wordsOf = (manager: Manager) =>
    [...manager.logs.matchAll(/Leader Election: Cluster leadership \w+|New leader elected: \S+?(?=")/g)].map(
      ([line]) => line,
    );

  before(async () => {
    store = await start();
    const writer = await openStore(store.uri);
    for (const { addr } of lab().engines) await writer.put(`docker/swarm/nodes/${addr}`, addr);
    await writer.close();
    managers = [await startManager()];
    managers.push(...(await Promise.all([startManager(), startManager()])));
  });
  after(async () => {
    try {
      for (const manager of managers) if (manager.isRunning) await manager.stop();
    } finally {
      for (const manager of managers) if (manager.isRunning) await manager.kill();
      await (store as ElectionStore | undefined)?.[Symbol.asyncDispose]();
    }
  });

  it("makes the first one the primary, and all say so as the original does", async () => {
    const leader = await agreed(managers);
    expect(leader).to.equal(managers[0]);
    const [first, second] = managers as [Manager, Manager];
    expect(wordsOf(first)).to.deep.equal([lost, acquired, `New leader elected: ${first.address}`]);
    expect(wordsOf(second)).to.deep.equal([lost, `New leader elected: ${first.address}`]);
    expect(await succeed(first.docker, ["info"])).to.match(/^ ?Role: primary$/m);
    expect(await succeed(second.docker, ["info"])).to.match(
      new RegExp(`^ ?Role: replica\\n ?Primary: ${first.address}$`, "m"),
    );
  });

  it("is led by another within a second when the primary is stopped", async () => {
    const leader = await agreed(managers);
    const others = withoutOne(leader);
    const stopping = leader.stop();
    const next = await agreed(others);
    await stopping;
    expect(saidAt(next.logs, acquired) - saidAt(leader.logs, lost), "ms without one").to.be.below(1_000);
    expect(wordsOf(next).slice(-2)).to.deep.equal([acquired, `New leader elected: ${next.address}`]);
    expect(await replace(leader)).to.equal(next);
  });

  it("is led by another within its lease and two seconds when the primary is killed", async () => {
    const leader = await agreed(managers);
    const others = withoutOne(leader);
    const killedAt = Date.now();
    await leader.kill();
    const next = await agreed(others, store.leaseMs + patienceMs);
    expect(saidAt(next.logs, acquired) - killedAt, "ms until another led").to.be.below(store.leaseMs + 2_000);
    expect(await replace(leader)).to.equal(next);
  });

  it("is not led by a primary that stood still while another took over", async () => {
    const leader = await agreed(managers);
    leader.freeze();
    try {
      const next = await agreed(withoutOne(leader), store.leaseMs + patienceMs);
      // Both are answered as soon as it runs again, and it has not heard of anything by then.
      const asked = rowsOf(leader);
      const created = createAt(leader, "late");
      leader.thaw();
      expect((await asked).role).to.equal("replica");
      const status = await created;
      expect(status).to.be.oneOf([201, 503]); // passed on, or not done
      const { stdout } = await next.docker(["ps", "-aq", "--filter", "name=late"]);
      expect(stdout.trim() === "").to.equal(status === 503);
      await next.docker(["rm", "-f", "late"]);
      expect(await agreed(managers)).to.equal(next);
      expect(wordsOf(leader).slice(-2)).to.deep.equal([lost, `New leader elected: ${next.address}`]);
    } finally {
      leader.thaw();
    }
  });

  it("has no primary while the store is away for longer than the lease, and exactly one when it is back", async () => {
    await agreed(managers);
    await store.server.kill();
    await eventually(
      "nobody leads, and nobody says who does",
      async () => {
        const rows = await Promise.all(managers.map(rowsOf));
        return rows.every(({ role, primary }) => role === "replica" && primary === "");
      },
      2 * store.leaseMs + 10_000,
    );
    for (const manager of managers) {
      expect(manager.logs).to.include(
        "Leader Election: watch leader channel closed, the store may be unavailable...",
      );
    }
    await store.server.restart();
    const leader = await agreed(managers, store.leaseMs + patienceMs);
    expect(wordsOf(leader).at(-1)).to.equal(`New leader elected: ${leader.address}`);
  });
}
