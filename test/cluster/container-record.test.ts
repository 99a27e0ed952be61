import { expect } from "chai";
import { containerRecord } from "../../src/cluster/container-record.ts";
import { fakeEngine, hex, inspected, record, summarised, type RecordParts } from "./builders.ts";

const ports = (parts: RecordParts): string[] =>
  record(parts).usedPorts.map(
    ({ containerPort, hostIp, hostPort, holder }) => `${holder} ${hostIp}:${hostPort}->${containerPort}`,
  );

describe("cluster/container-record", () => {
  it("puts the name proper before link aliases", () => {
    const parts = { names: ["web"] };
    const summary = { ...summarised(parts), Names: ["/db/link", "/web"] };
    const made = containerRecord(fakeEngine(), summary, inspected(parts), {
      engineCpus: 1,
      countMemoryReservation: false,
    });
    expect(made.names).to.deep.equal(["web", "db/link"]);
  });

  // prettier-ignore
  const resources = [
    { it: "counts its memory limit",                    host: { Memory: 5 },                                          memory: 5, cpus: 0 },
    { it: "does not count a reservation by itself",     host: { MemoryReservation: 5 },                               memory: 0, cpus: 0 },
    { it: "counts a reservation when told to",          host: { MemoryReservation: 5 }, count: true,                  memory: 5, cpus: 0 },
    { it: "prefers the limit to the reservation",       host: { Memory: 7, MemoryReservation: 5 }, count: true,       memory: 7, cpus: 0 },
    { it: "counts shares of the engine's CPUs",         host: { CpuShares: 512 },                                     memory: 0, cpus: 2 },
    { it: "counts --cpus in whole ones",                host: { NanoCpus: 1_500_000_000 },                            memory: 0, cpus: 2 },
    { it: "counts numbers only",                        host: { Memory: "7", NanoCpus: null, CpuShares: Infinity } as never, memory: 0, cpus: 0 },
    { it: "counts nothing negative",                    host: { Memory: -1 },                                         memory: 0, cpus: 0 },
  ];
  for (const { it: title, host, count = false, memory, cpus } of resources) {
    it(title, () => {
      const made = record({ host, options: { countMemoryReservation: count } });
      expect([made.memoryBytes, made.cpus]).to.deep.equal([memory, cpus]);
    });
  }

  it("uses the ports it asks for and the ports it has, each once", () => {
    const asked = { "80/tcp": [{ HostIp: "", HostPort: "8080" }, { HostPort: "" }], "90/tcp": null };
    const has = {
      "80/tcp": [
        { HostIp: "", HostPort: "8080" },
        { HostIp: "::", HostPort: "8080" },
      ],
    };
    expect(ports({ host: { PortBindings: asked }, ports: has })).to.deep.equal([
      "web :8080->80/tcp",
      "web :::8080->80/tcp",
    ]);
  });

  it("uses exposed ports, and no others, in the host's network", () => {
    const made = record({
      host: { NetworkMode: "host", PortBindings: { "80/tcp": [{ HostPort: "80" }] } },
      exposed: ["443/tcp"],
    });
    expect(made.usedPorts).to.deep.equal([]);
    expect(made.hostModePorts).to.deep.equal([{ key: "443/tcp", pending: false, holder: "web" }]);
    expect(record({ exposed: ["443/tcp"] }).hostModePorts).to.deep.equal([]);
  });

  const replaces = (...ids: unknown[]): string => JSON.stringify({ swarm: "s1", ids });
  // prettier-ignore
  const former = [
    { it: "knows its former IDs",                   label: replaces(hex("a"), hex("b")),          ids: [hex("a"), hex("b")] },
    { it: "takes only IDs for IDs",                 label: replaces("a", 5, hex("b"), null),       ids: [hex("b")] },
    { it: "has none in a malformed label",          label: "[",                                   ids: [] },
    { it: "has none in a label of another shape",   label: '{"a":1}',                             ids: [] },
    { it: "has none in another container's label",  label: JSON.stringify({ swarm: "s2", ids: [hex("a")] }), ids: [] },
    { it: "takes no more than 64",                  label: replaces(...Array<unknown>(999).fill(hex("a"))), ids: Array(64).fill(hex("a")) as string[] },
  ];
  for (const { it: title, label, ids } of former) {
    it(title, () =>
      expect(
        record({ swarmId: "s1", labels: { "com.docker.swarm.replaces": label } }).formerIds,
      ).to.deep.equal(ids),
    );
  }

  it("keeps no environment and no mounts", () => {
    const full = inspected();
    full.Config.Env = ["SECRET=1"];
    const made = containerRecord(
      fakeEngine(),
      summarised(),
      { ...full, Mounts: [1] },
      { engineCpus: 1, countMemoryReservation: false },
    );
    expect(JSON.stringify(made.inspect)).not.to.match(/SECRET|Mounts/);
  });

  it("knows its health without the log of it", () => {
    const made = record({ state: { Health: { Status: "healthy", Log: ["much"] } } });
    expect(made.inspect.State.Health).to.deep.equal({ Status: "healthy" });
  });
});
