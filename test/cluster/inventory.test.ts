import { expect } from "chai";
import { Inventory } from "../../src/cluster/inventory.ts";
import { hex, record } from "./builders.ts";

const running = record({ id: hex("1"), host: { Memory: 100, NanoCpus: 1.5e9 }, swarmId: hex("5") });
const paused = record({ id: hex("2"), state: { Status: "paused", Paused: true }, host: { Memory: 50 } });
const stopped = record({
  id: hex("3"),
  state: { Status: "exited", Running: false },
  host: { Memory: 7, PortBindings: { "80/tcp": [{ HostPort: "80" }] } },
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

  it("tells a listener of everything, from when it is attached until it is detached", () => {
    const inventory = filled();
    const heard: string[] = [];
    const listener = {
      containerAdded: ({ id }: { id: string }) => void heard.push(`+${id[0] ?? ""}`),
      containerRemoved: ({ id }: { id: string }) => void heard.push(`-${id[0] ?? ""}`),
    };
    const since = (): string => heard.splice(0).join(" ");
    inventory.attach(listener);
    expect(since()).to.equal("+1 +2 +3");
    inventory.setContainer(record({ id: hex("1") }));
    expect(since()).to.equal("-1 +1");
    inventory.removeContainer(hex("2"));
    inventory.removeContainer(hex("2"));
    expect(since()).to.equal("-2");
    inventory.detach();
    expect(since()).to.equal("-1 -3");
    inventory.clear();
    expect(since()).to.equal("");
  });
});
