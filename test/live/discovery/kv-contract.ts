import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import type { StoreCluster } from "../../lab/stores/store-cluster.ts";
import { joinAs, listed } from "../support/agent.ts";
import { succeed } from "../support/docker-cli.ts";
import { untilStatus, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { Manager } from "../support/manager.ts";
import type { Program } from "./token-programs.ts";

/** A store of three servers with agents in it, and what other programs see and write there. */
export interface StoreWithAgents {
  readonly cluster: StoreCluster;
  /** With a prefix: `etcd://…/swarm`. */
  readonly uri: string;
  /** What is stored below the node path, as any other program reads it: the whole key without a slash in front, and the value. */
  readonly entries: () => Promise<Readonly<Record<string, string>>>;
  /** Registers an engine with the requests of the original, and gives what ends it. Absent: the original cannot use this store. */
  readonly registerAsOriginal?: (address: string) => Promise<() => Promise<void>>;
  /** After the death of an agent its entry is gone after so many milliseconds at the latest. */
  readonly expiresWithinMs: number;
}

/** What a store is put through. */
export interface ContractOptions {
  /** Whether to wait until a manager notices that all servers stand still: that may take 20 s. */
  readonly standstill: boolean;
}

const [heartbeatMs, ttlMs] = [1000, 4000];
/** Half the manager's heartbeat, and a look at the end of it. */
const longestGraceMs = 1500;

/** The life of a cluster whose engines are found by agents: what a user sees while agents and stores come, go and fail. */
export function itFollowsAgents(options: ContractOptions, start: () => Promise<StoreWithAgents>): void {
  const names = ["node-1", "node-2", "node-3"] as const;
  let store: StoreWithAgents;
  let manager: Manager;
  const agents = new Map<string, Program>();
  const addressOf = (name: string) => lab().engine(name).addr;
  const join = (name: string) =>
    agents.set(name, joinAs(lab().engine(name), store, ["--heartbeat", "1s", "--ttl", "4s"]));
  const keyOf = (name: string) => `swarm/docker/swarm/nodes/${addressOf(name)}`;
  const untilListed = async (what: string, ...wanted: readonly string[]) =>
    await eventually(what, async () => {
      const entries = await store.entries().catch(() => ({}));
      return JSON.stringify(Object.keys(entries)) === JSON.stringify(wanted.map(keyOf));
    });
  const untilGone = async (name: string, withinMs: number) =>
    await manager.untilNodes(
      `${name} is gone`,
      (nodes) => nodes.length > 0 && nodes.every((node) => node.name !== name),
      withinMs,
    );
  /** Engines the manager has let go so far. */
  const removed = () => [...manager.logs.matchAll(/Removed Engine ([\w-]*)/g)].map(([, name]) => name);
  const warnings = async () => ((await manager.info()).Warnings ?? []) as readonly string[];
  /** The manager works: it answers, and takes a container. */
  const serves = async () => {
    await succeed(manager.docker, ["ps"]);
    expect(await succeed(manager.docker, ["run", "--rm", "busybox", "echo", "served"])).to.equal("served");
  };

  before(async () => {
    store = await start();
    for (const name of names) join(name);
    const args = [...(watchful.args ?? []), "--heartbeat", "2s"];
    manager = await Manager.start(lab(), { args, discovery: store.uri });
  });
  after(async () => {
    try {
      await (manager as Manager | undefined)?.stop();
    } finally {
      for (const agent of agents.values()) await agent[Symbol.asyncDispose]();
      await (store as StoreWithAgents | undefined)?.cluster[Symbol.asyncDispose]();
    }
  });

  it("has every engine whose agent joined, at the key and with the value of the original", async () => {
    const addresses = names.map(addressOf);
    expect(await store.entries()).to.deep.equal(
      Object.fromEntries(addresses.map((address) => [`swarm/docker/swarm/nodes/${address}`, address])),
    );
    expect(await listed(store)).to.deep.equal(addresses);
  });

  it("lets an engine go soon when its agent is stopped, and takes it back", async () => {
    expect(await agents.get("node-2")!.end("SIGTERM")).to.equal(0);
    await untilGone("node-2", 3000);
    expect(await store.entries()).to.not.have.property(keyOf("node-2"));
    join("node-2");
    await untilStatus(manager, "node-2", "Healthy");
  });

  it("lets an engine go when its agent died and the entry expires; an agent of the original may bring it back", async () => {
    await agents.get("node-3")!.end("SIGKILL");
    await untilGone("node-3", store.expiresWithinMs);
    if (store.registerAsOriginal === undefined) {
      join("node-3");
      await untilStatus(manager, "node-3", "Healthy");
      return;
    }
    const leave = await store.registerAsOriginal(addressOf("node-3"));
    await untilStatus(manager, "node-3", "Healthy");
    expect(await listed(store)).to.deep.equal(names.map(addressOf));
    // Ours takes over the entry: what the original does to its own no longer matters.
    join("node-3");
    await agents.get("node-3")!.until(/Registering on the discovery service/);
    await eventually(
      "our agent has renewed the entry",
      () => (agents.get("node-3")!.logs.match(/Registering on/g)?.length ?? 0) > 1,
    );
    await leave();
    await untilListed("all are in the store", ...names);
  });

  describe("never loses a living engine", () => {
    let atFirst: readonly (string | undefined)[];
    // Once, for a removal may come late: what one test caused, the next one sees.
    before(() => (atFirst = removed()));
    afterEach(async () => {
      await store.cluster.recover();
      await untilListed("all agents are in the store", ...names);
      await manager.untilNodes("all are healthy", (nodes) => {
        return nodes.filter(({ rows }) => rows.Status === "Healthy").length === names.length;
      });
      await eventually("nothing is left to warn of", async () => (await warnings()).length === 0);
      expect(removed(), manager.logs).to.deep.equal(atFirst);
    });
    after(async () => {
      await sleep(longestGraceMs);
      expect(removed(), manager.logs).to.deep.equal(atFirst);
    });

    it("when the leading server of the store dies", async () => {
      const leader = await store.cluster.leader();
      await leader.server.kill();
      await untilListed("the entries are there", ...names);
      await serves();
    });

    it("when the store starts again", async () => {
      await store.cluster.restart();
    });

    it("when the store comes back empty", async () => {
      await store.cluster.restart({ empty: true });
    });

    const isWithout = async (fault: "is down" | "stands still") => {
      if (fault === "is down") await store.cluster.kill();
      else store.cluster.freeze();
      await eventually("there is a warning", async () => (await warnings()).length > 0);
      await passTime(ttlMs + heartbeatMs, serves);
      expect(await warnings()).to.have.length(1);
      expect((await warnings())[0]).to.match(
        /^WARNING: discovery \w+:\/\/\S+\/swarm has not answered since 20\S+Z: .+; the last 3 nodes stay$/,
      );
      const { stderr } = await manager.docker(["info"]);
      expect(stderr).to.match(/^WARNING: discovery \w+:.* the last 3 nodes stay$/m);
    };

    it("while the store is down for longer than entries live: it serves, and says what is wrong", async () => {
      await isWithout("is down");
    });

    if (options.standstill) {
      it("while the store stands still for longer than entries live: it serves, and says what is wrong", async () => {
        await isWithout("stands still");
      });
    }
  });
}

/** Does something again and again for so long. */
async function passTime(ms: number, work: () => Promise<void>): Promise<void> {
  const begin = performance.now();
  do await work();
  while (performance.now() - begin < ms);
}
