import { expect } from "chai";
import { withState } from "../../src/cluster/changed-record.ts";
import type { ContainerRecord } from "../../src/cluster/container-record.ts";
import { Inventory } from "../../src/cluster/inventory.ts";
import { seeded } from "../support/seeded.ts";
import { fakeEngine, hex, record } from "./builders.ts";

const running = record({ id: hex("1"), host: { Memory: 100, NanoCpus: 1.5e9 }, swarmId: hex("5") });
const paused = record({ id: hex("2"), state: { Status: "paused", Paused: true }, host: { Memory: 50 } });
const stopped = record({
  id: hex("3"),
  state: { Status: "exited", Running: false },
  host: { Memory: 7, PortBindings: { "80/tcp": [{ HostPort: "80" }] } },
});

/** All that is kept beside the containers. */
const sums = (inventory: Inventory) => ({
  counts: inventory.counts,
  memoryBytes: inventory.usedMemoryBytes,
  cpus: inventory.usedCpus,
  ports: inventory.usedPorts.map(({ hostPort }) => hostPort).sort(),
  keys: inventory.hostModePorts.map(({ key }) => key).sort(),
  swarmIds: [hex("5"), hex("6")].filter((id) => inventory.hasSwarmId(id)),
});

describe("cluster/inventory", () => {
  const filled = (): Inventory => {
    const inventory = new Inventory();
    for (const each of [running, paused, stopped]) inventory.setContainer(each);
    return inventory;
  };

  it("counts by state and sums what stopped containers hold, too", () => {
    const inventory = filled();
    expect(inventory.counts).to.deep.equal({ total: 3, running: 1, paused: 1, stopped: 1 });
    expect([inventory.usedMemoryBytes, inventory.usedCpus]).to.deep.equal([157, 2]);
    expect(inventory.usedPorts.map(({ hostPort }) => hostPort)).to.deep.equal(["80"]);
  });

  it("counts a changed container once", () => {
    const inventory = filled();
    inventory.setContainer(
      record({ id: hex("1"), state: { Status: "exited", Running: false }, host: { Memory: 1 } }),
    );
    expect(inventory.counts).to.deep.equal({ total: 3, running: 0, paused: 1, stopped: 2 });
    expect([inventory.usedMemoryBytes, inventory.usedCpus]).to.deep.equal([58, 0]);
  });

  it("is empty again when everything is gone", () => {
    const inventory = filled();
    inventory.images = [{} as never];
    inventory.clear();
    expect(inventory.counts).to.deep.equal({ total: 0, running: 0, paused: 0, stopped: 0 });
    expect([inventory.usedMemoryBytes, inventory.usedCpus, inventory.usedPorts.length]).to.deep.equal([
      0, 0, 0,
    ]);
    expect([inventory.images.length, inventory.hasSwarmId(hex("5"))]).to.deep.equal([0, false]);
  });

  it("follows ports that come and go", () => {
    const inventory = filled();
    const more = record({ id: hex("4"), host: { NetworkMode: "host" }, exposed: ["443/tcp"] });
    expect([inventory.hostModePorts.length, inventory.usedPorts.length]).to.deep.equal([0, 1]);
    inventory.setContainer(more);
    expect(inventory.hostModePorts.map(({ key }) => key)).to.deep.equal(["443/tcp"]);
    inventory.removeContainer(more.id);
    inventory.removeContainer(stopped.id);
    expect([inventory.hostModePorts.length, inventory.usedPorts.length]).to.deep.equal([0, 0]);
  });

  it("knows a swarm ID as long as one of its containers is there", () => {
    const inventory = filled();
    inventory.setContainer(record({ id: hex("9"), swarmId: hex("5") }));
    inventory.removeContainer(hex("1"));
    expect(inventory.hasSwarmId(hex("5"))).to.equal(true);
    inventory.removeContainer(hex("9"));
    expect(inventory.hasSwarmId(hex("5"))).to.equal(false);
  });

  // prettier-ignore
  const others = [
    { it: "a name",             parts: { names: ["db"] },                        heard: "-1 +1" },
    { it: "a link alias",       parts: { names: ["web", "db/link"] },            heard: "-1 +1" },
    { it: "a label",            parts: { labels: { tier: "back" } },             heard: "-1 +1" },
    { it: "one label more",     parts: { labels: { tier: "front", a: "" } },     heard: "-1 +1" },
    { it: "a swarm ID",         parts: { swarmId: hex("6") },                    heard: "-1 +1" },
    { it: "a former ID",        parts: { formerIds: [hex("8")] },                heard: "-1 +1" },
    { it: "an engine",          parts: { engine: fakeEngine("node-2") },         heard: "-1 +1" },
    { it: "its state",          parts: { state: { Status: "paused", Paused: true } }, heard: "=1" },
    { it: "its health",         parts: { state: { Health: { Status: "healthy" } } },  heard: "=1" },
    { it: "its memory",         parts: { host: { Memory: 5 } },                  heard: "=1 !" },
    { it: "its CPUs",           parts: { host: { NanoCpus: 3e9 } },              heard: "=1 !" },
    { it: "its ports",          parts: { ports: { "80/tcp": [{ HostPort: "80" }] } }, heard: "=1 !" },
    { it: "exposed ports",      parts: { host: { NetworkMode: "host" }, exposed: ["1/tcp"] }, heard: "=1 !" },
  ];
  for (const { it: what, parts, heard: wanted } of others) {
    it(`${wanted.startsWith("=") ? "puts one record in another's place" : "takes a container out and in"} when it changes ${what}`, () => {
      const before = { id: hex("1"), labels: { tier: "front" }, swarmId: hex("5"), formerIds: [hex("7")] };
      const inventory = new Inventory();
      inventory.setContainer(record(before));
      const heard: string[] = [];
      inventory.attach({
        containerAdded: () => void heard.push("+1"),
        containerRemoved: () => void heard.push("-1"),
        containerReplaced: () => void heard.push("=1"),
      });
      inventory.watch(() => void heard.push("!"));
      heard.length = 0;
      const now = record({ ...before, ...parts });
      inventory.setContainer(now);
      // Telling placement too much does no harm.
      const told = wanted.startsWith("=")
        ? heard.sort((a, b) => b.localeCompare(a))
        : heard.filter((news) => news !== "!");
      expect(told.join(" ")).to.equal(wanted);
      expect([...inventory.containers.values()]).to.deep.equal([now]);
      const fresh = new Inventory();
      fresh.setContainer(now);
      expect(sums(inventory)).to.deep.equal(sums(fresh));
    });
  }

  it("sums after any changes what an inventory made anew sums", () => {
    const random = seeded(2);
    const pick = <T>(things: readonly T[]): T => things[Math.floor(random() * things.length)] as T;
    const inventory = new Inventory();
    const model = new Map<string, ContainerRecord>();
    for (let step = 0; step < 1_000; step++) {
      const id = hex(String(Math.floor(random() * 12)));
      const old = model.get(id);
      if (random() < 0.2) {
        model.delete(id);
        inventory.removeContainer(id);
      } else {
        const state = pick([{}, { Paused: true }, { Running: false, Status: "exited" }]);
        const host = pick([
          {},
          { Memory: 5, NanoCpus: 1e9 },
          { PortBindings: { "80/tcp": [{ HostPort: "80" }] } },
        ]);
        const ports = pick([null, { "81/tcp": [{ HostIp: "", HostPort: "81" }] }]);
        const made = record({ id, swarmId: pick(["", hex("5"), hex("6")]), state, host, ports });
        const now = old !== undefined && random() < 0.3 ? withState(old, made.inspect.State) : made;
        model.set(id, now);
        inventory.setContainer(now);
      }
      const fresh = new Inventory();
      for (const each of model.values()) fresh.setContainer(each);
      expect(sums(inventory)).to.deep.equal(sums(fresh));
      expect([...inventory.containers.values()]).to.have.members([...model.values()]);
    }
  });

  it("tells a listener of everything, from when it is attached until it is detached", () => {
    const inventory = filled();
    const heard: string[] = [];
    const listener = {
      containerAdded: ({ id }: { id: string }) => void heard.push(`+${id[0] ?? ""}`),
      containerRemoved: ({ id }: { id: string }) => void heard.push(`-${id[0] ?? ""}`),
      containerReplaced: ({ id }: { id: string }) => void heard.push(`=${id[0] ?? ""}`),
    };
    const since = (): string => heard.splice(0).join(" ");
    inventory.attach(listener);
    expect(since()).to.equal("+1 +2 +3");
    inventory.setContainer(record({ id: hex("1") }));
    expect(since()).to.equal("-1 +1");
    inventory.setContainer(record({ id: hex("1"), state: { Status: "exited", Running: false } }));
    expect(since()).to.equal("=1");
    inventory.removeContainer(hex("2"));
    inventory.removeContainer(hex("2"));
    expect(since()).to.equal("-2");
    inventory.detach();
    expect(since()).to.equal("-1 -3");
    inventory.clear();
    expect(since()).to.equal("");
  });
});
