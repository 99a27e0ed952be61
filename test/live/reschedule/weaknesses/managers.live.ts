import { mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { WANTED_FOLDER } from "../../../../src/reschedule/wanted/book.ts";
import { openStore } from "../../../../src/store/open.ts";
import { eventually } from "../../../lab/eventually.ts";
import { startEtcd } from "../../../lab/stores/etcd.ts";
import type { LabEtcd } from "../../../lab/stores/etcd.ts";
import { untilStatus } from "../../support/faults.ts";
import { lab } from "../../support/fixtures.ts";
import { keptIn } from "../../support/kept.ts";
import { Manager } from "../../support/manager.ts";
import { copiesOf, mend, runOn, untilMoved, untilOneRuns, untilSettled, watching } from "./support.ts";

const names = ["one", "two", "three", "four"];
const engine = () => lab().engine("node-2");

describe("containers whose node fails together with the manager", () => {
  let manager: Manager;
  afterEach(async () => {
    await mend(manager);
    await manager.stop();
  });

  // §7.4 #4
  it("are moved by the next manager with the same state directory", async () => {
    const stateDir = mkdtempSync(path.join(lab().folder, "state-"));
    manager = await Manager.start(lab(), { ...watching(), stateDir });
    for (const name of names) await runOn(manager, "node-2", name);
    await Promise.all([manager.kill(), engine().kill()]);
    manager = await Manager.start(lab(), { ...watching(), stateDir, healthyNodes: 2 });
    for (const name of names) await untilMoved(manager, name, "node-2", 30_000);
    await lab().recover();
    for (const name of names) expect((await untilOneRuns(name)).node).to.not.equal("node-2");
  });

  // §7.4 #4
  it("are moved once, if the first manager dies in the middle of moving them", async () => {
    const stateDir = mkdtempSync(path.join(lab().folder, "state-"));
    manager = await Manager.start(lab(), { ...watching("swarm.reschedule-parallel=1"), stateDir });
    for (const name of names) await runOn(manager, "node-2", name);
    await engine().kill();
    await eventually("the first one moves", () => manager.logs.includes("Rescheduled container"), 30_000, 5);
    await manager.kill();
    const moved = manager.logs.match(/Rescheduled container/g) ?? [];
    expect(moved.length, "containers the first manager has moved").to.be.within(1, names.length - 1);
    manager = await Manager.start(lab(), { ...watching(), stateDir, healthyNodes: 2 });
    for (const name of names) await untilMoved(manager, name, "node-2", 30_000);
    for (const name of names) expect(await copiesOf(name)).to.have.lengthOf(1);
    await lab().recover();
    for (const name of names) expect((await untilOneRuns(name)).node).to.not.equal("node-2");
  });
});

describe("containers whose node fails while several managers look after it", () => {
  let etcd: LabEtcd;
  let managers: Manager[] = [];
  const uri = () => `etcd://${etcd.address}/swarm`;
  beforeEach(async () => {
    etcd = await startEtcd(lab());
    await using writer = await openStore(uri());
    for (const { addr } of lab().engines) await writer.put(`docker/swarm/nodes/${addr}`, addr);
  });
  afterEach(async () => {
    const last = managers.find(({ isRunning }) => isRunning);
    try {
      if (last !== undefined) await mend(last);
      for (const manager of managers) if (manager.isRunning) await manager.stop();
    } finally {
      for (const manager of managers) if (manager.isRunning) await manager.kill();
      managers = [];
      await etcd[Symbol.asyncDispose]();
    }
  });

  // §7.4 #4
  it("are moved by the replica that takes over, though the node was flagged before it led", async () => {
    // Long enough for the node to be flagged before anybody else leads.
    const args = [...watching().args, "--replication-ttl", "10s"];
    const start = async () => await Manager.start(lab(), { discovery: uri(), replicated: true, args });
    managers = [await start()];
    managers.push(await start());
    const [primary, replica] = managers as [Manager, Manager];
    for (const name of names) await runOn(primary, "node-2", name);
    primary.freeze();
    await engine().kill();
    await eventually("the replica has flagged it", () =>
      replica.logs.includes("Flagging engine as unhealthy"),
    );
    const ledThen = replica.logs.includes("Cluster leadership acquired");
    await primary.kill();
    for (const name of names) await untilMoved(replica, name, "node-2", 40_000);
    expect(ledThen, "it led before the node was flagged").to.equal(false);
    await lab().recover();
    for (const name of names) expect((await untilOneRuns(name)).node).to.not.equal("node-2");
  });

  /** Two managers that know nothing of each other fail over, and the node comes back. */
  const withoutReplication = async (
    discovery: string,
    known: (stateDirs: readonly string[]) => Promise<readonly (readonly string[])[]>,
  ): Promise<void> => {
    const stateDirs = ["left-", "right-"].map((name) => mkdtempSync(path.join(lab().folder, name)));
    const kvStore = !discovery.startsWith("file://");
    const start = async (stateDir: string) =>
      await Manager.start(lab(), { ...watching(), discovery, ...(kvStore ? {} : { stateDir }) });
    managers = [await start(stateDirs[0]!), await start(stateDirs[1]!)];
    const [left, right] = managers as [Manager, Manager];
    for (const [index, name] of names.entries()) await runOn(index % 2 === 0 ? left : right, "node-2", name);
    await eventually(
      "what was made through one, the other has taken up",
      async () => (await known(stateDirs)).every((each) => names.every((name) => each.includes(name))),
      30_000,
      250,
    );
    await engine().kill();
    for (const name of names) await untilMoved(left, name, "node-2", 30_000);
    for (const manager of managers) await untilSettled(manager);
    for (const name of names) await untilOneRuns(name);
    await sleep(3_000); // for what the slower one may still do
    for (const name of names)
      expect((await copiesOf(name)).map(({ state }) => state)).to.deep.equal(["running"]);
    await lab().recover();
    for (const manager of managers) await untilStatus(manager, "node-2", "Healthy");
    for (const manager of managers) await untilSettled(manager);
    for (const name of names) {
      const { id } = await untilOneRuns(name);
      for (const { docker } of managers) {
        expect((await docker(["inspect", "--format", "{{.Id}}", name])).stdout.trim()).to.equal(id);
      }
    }
  };

  // §7.4 #15
  it("run once, with two managers on one etcd that are not replicas", async () => {
    await withoutReplication(uri(), async () => {
      await using reader = await openStore(uri());
      const entries = await reader.list({ folder: WANTED_FOLDER });
      return [entries.map(({ value }) => (JSON.parse(value) as { readonly name: string }).name)];
    });
  });

  // §7.4 #15
  it("run once, with two managers on one discovery file", async () => {
    const file = path.join(mkdtempSync(path.join(lab().folder, "discovery-")), "cluster");
    writeFileSync(
      file,
      lab()
        .engines.map(({ addr }) => `${addr}\n`)
        .join(""),
    );
    await withoutReplication(`file://${file}`, (stateDirs) =>
      Promise.resolve(stateDirs.map((stateDir) => [...keptIn(stateDir).keys()])),
    );
  });
});
