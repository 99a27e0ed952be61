import { expect } from "chai";
import { EngineCandidate, reservation, type Reservation } from "../../src/cluster/engine-candidate.ts";
import type { Engine } from "../../src/cluster/engine.ts";
import { Inventory } from "../../src/cluster/inventory.ts";
import { fakeEngine, hex, record } from "./builders.ts";
import { wanted } from "./world.ts";

const port = { containerPort: "80/tcp", hostIp: "", hostPort: "80" };

describe("cluster/engine-candidate", () => {
  let inventory: Inventory;
  let candidate: EngineCandidate;
  let engine: Engine;
  beforeEach(() => {
    inventory = new Inventory();
    engine = Object.assign(fakeEngine("n1", "AA"), { cache: { inventory } as unknown as Engine["cache"] });
    candidate = new EngineCandidate(engine, (reference) => reference === "resolved");
    inventory.setContainer(record({ id: hex("1"), names: ["old"], host: { Memory: 10, NanoCpus: 1e9 } }));
  });

  function reserve(parts: Parameters<typeof wanted>[0] = {}, swarmId = hex("5")): Reservation {
    const reserved = reservation(engine, swarmId, { a: "b" }, wanted(parts));
    candidate.reserve(reserved);
    return reserved;
  }
  const sums = (): number[] => [candidate.containerCount, candidate.usedMemoryBytes, candidate.usedCpus];
  const ports = (): string[] =>
    [...candidate.usedPorts].map(({ holder, hostPort }) => `${holder} ${hostPort}`);

  it("counts what is reserved, until it is released", () => {
    const reserved = reserve({
      name: "new",
      memoryBytes: 5,
      cpus: 2,
      portBindings: [port, { ...port, hostPort: "" }],
    });
    expect(sums()).to.deep.equal([2, 15, 3]);
    expect(ports()).to.deep.equal(["new 80"]);
    candidate.release(reserved);
    candidate.release(reserved);
    expect(sums()).to.deep.equal([1, 10, 1]);
    expect(ports()).to.deep.equal([]);
  });

  it("does not count a reservation whose container is there", () => {
    const reserved = reserve({ name: "new", memoryBytes: 5, portBindings: [port] });
    expect(sums()).to.deep.equal([2, 15, 1]);
    expect([...candidate.containers].map(({ id }) => id)).to.deep.equal([hex("1"), ""]);
    const host = { Memory: 5, PortBindings: { "80/tcp": [{ HostPort: "80" }] } };
    inventory.setContainer(record({ id: hex("2"), names: ["new"], swarmId: hex("5"), host }));
    expect(sums()).to.deep.equal([2, 15, 1]);
    expect(ports()).to.deep.equal(["new 80"]);
    expect([...candidate.containers].map(({ id }) => id)).to.deep.equal([hex("1"), hex("2")]);
    candidate.release(reserved);
    expect(sums()).to.deep.equal([2, 15, 1]);
  });

  it("tells its watcher of every change, and of nothing else", () => {
    const heard: string[] = [];
    candidate.watch((facts) => void heard.push(facts));
    const since = (): string => heard.splice(0).join(" ");
    const reserved = reserve();
    expect([since(), candidate.hasReservations]).to.deep.equal(["containers", true]);
    candidate.release(reserved);
    candidate.release(reserved);
    expect([since(), candidate.hasReservations]).to.deep.equal(["containers", false]);
    inventory.setContainer(record({ id: hex("2") }));
    inventory.removeContainer(hex("2"));
    inventory.removeContainer(hex("2"));
    expect(since()).to.equal("containers containers");
    inventory.images = [];
    candidate.nodeChanged();
    expect(since()).to.equal("images node");
  });

  it("counts reservations without a swarm ID each", () => {
    reserve({}, "");
    reserve({}, "");
    expect(candidate.containerCount).to.equal(3);
  });

  it("holds exposed ports in the host's network only", () => {
    reserve({ name: "a", hostNetwork: true, exposedPorts: ["443/tcp"] });
    reserve({ name: "b", exposedPorts: ["444/tcp"] });
    expect([...candidate.hostModePorts]).to.deep.equal([{ key: "443/tcp", pending: true, holder: "a" }]);
  });

  it("shows reservations among the containers, with labels and name", () => {
    reserve({ name: "new" });
    const [, pending] = [...candidate.containers];
    expect(pending).to.deep.include({
      id: "",
      swarmId: hex("5"),
      names: ["new"],
      labels: { a: "b" },
      pending: true,
    });
  });

  it("names the holder of a port whose container has no name yet", () => {
    reserve({ portBindings: [port] });
    expect(ports()).to.deep.equal(["a container being created 80"]);
  });

  // prettier-ignore
  const references: readonly [reference: string, found: boolean][] = [
    ["resolved", true], ["new", true], ["/new", true], ["n1/new", true], ["AA|n1:2375/new", true], [hex("5"), true],
    ["n2/new", false], ["ne", false], ["", false],
  ];
  for (const [reference, found] of references) {
    it(`${found ? "has" : "has not"} a container "${reference}"`, () => {
      reserve({ name: "new" });
      expect(candidate.hasContainer(reference)).to.equal(found);
    });
  }

  it("shows images without nulls, and the same object each time", () => {
    inventory.images = [{ Id: "sha256:1", RepoTags: null, RepoDigests: ["a@b"] } as never];
    const [first] = [...candidate.images];
    expect(first).to.deep.equal({ id: "sha256:1", repoTags: [], repoDigests: ["a@b"] });
    expect([...candidate.images][0]).to.equal(first);
  });
});
