import { expect } from "chai";
import { engineSpecs, EngineRefusedError, type EngineSpecs } from "../../src/cluster/engine-specs.ts";
import type { EngineInfo, EngineVersion } from "../../src/docker/types.ts";

const NOW = Date.parse("2024-01-01T00:00:00Z");
const info = (parts: object = {}): EngineInfo => ({
  ID: "J6AP",
  Name: "n1",
  NCPU: 2,
  MemTotal: 1_024,
  ...parts,
});

function specs(parts: object = {}, version: object = {}): EngineSpecs {
  const answer = {
    Version: "20.10.24",
    ApiVersion: "1.41",
    MinAPIVersion: "1.12",
    ...version,
  } as EngineVersion;
  return engineSpecs("n1:2375", info(parts), answer, NOW);
}

describe("cluster/engine-specs", () => {
  it("takes over what the engine says", () => {
    expect(specs()).to.deep.include({
      ...{ engineId: "J6AP", name: "n1", cpus: 2, memoryBytes: 1_024, serverVersion: "20.10.24" },
      ...{
        api: { min: "1.12", max: "1.41" },
        experimental: false,
        spansNetworks: false,
        clockDeltaMs: 0,
        warnings: [],
      },
    });
  });

  // prettier-ignore
  const spanning = [
    { info: {},                                   spans: false },
    { info: { ClusterStore: "" },                 spans: false },
    { info: { ClusterStore: "etcd://kv/lab" },    spans: true },
    { info: { Swarm: null },                      spans: false },
    { info: { Swarm: { ControlAvailable: false } }, spans: false },
    { info: { Swarm: { ControlAvailable: true } }, spans: true },
  ];
  for (const { info: parts, spans } of spanning) {
    it(`knows that an engine with ${JSON.stringify(parts)} ${spans ? "can" : "cannot"} make networks that span engines`, () =>
      expect(specs(parts).spansNetworks).to.equal(spans));
  }

  const RESOURCES =
    "cannot get resources for this engine, make sure n1:2375 is a Docker Engine, not a Swarm manager";
  // prettier-ignore
  const refused = [
    { it: "without CPUs",                     info: { NCPU: 0 },                          error: RESOURCES },
    { it: "without memory",                   info: { MemTotal: 0 },                      error: RESOURCES },
    { it: "with a text for CPUs",             info: { NCPU: "two" },                      error: RESOURCES },
    { it: "that is a manager",                info: { ServerVersion: "swarm/1.2.9" },     error: RESOURCES },
    { it: "without an ID",                    info: { ID: undefined },                    error: "n1:2375 reports no engine ID: is it a Docker Engine?" },
    { it: "with a malformed label",           info: { Labels: ["a=b", "c"] },             error: 'Engine (ID: J6AP, Addr: n1:2375) contains an invalid label (c) not formatted as "key=value".' },
    { it: "with a label that is no text",     info: { Labels: [null] },                   error: 'Engine (ID: J6AP, Addr: n1:2375) contains an invalid label (null) not formatted as "key=value".' },
    { it: "that is too new",                  version: { ApiVersion: "1.70", MinAPIVersion: "1.60" }, error: "n1:2375 speaks API 1.60 and newer, this manager 1.51 at most: upgrade the manager" },
  ];
  for (const { it: title, info: parts = {}, version = {}, error } of refused) {
    it(`refuses an engine ${title}`, () =>
      expect(() => specs(parts, version)).to.throw(EngineRefusedError, error));
  }

  // prettier-ignore
  const labels = [
    { it: "has the built-in ones first",      info: { Driver: "overlay2", KernelVersion: "6.1", OperatingSystem: "Debian 12", OSType: "linux", Labels: ["a=b"] },
      labels: { storagedriver: "overlay2", kernelversion: "6.1", operatingsystem: "Debian 12", ostype: "linux", a: "b" } },
    { it: "leaves out empty built-in ones",   info: { Driver: "", OSType: 5 },            labels: {} },
    { it: "splits at the first =",            info: { Labels: ["a=b=c", "d="] },          labels: { a: "b=c", d: "" } },
    { it: "needs no labels",                  info: { Labels: null },                     labels: {} },
    { it: "keeps the first of one key",       info: { Driver: "vfs", Labels: ["storagedriver=x"] }, labels: { storagedriver: "vfs" },
      warning: "Node (ID: J6AP) already contains a label (vfs) with key (storagedriver), and Engine's label (x) cannot override it." },
    { it: "drops the reserved key",           info: { Labels: ["node=x"] },               labels: {},
      warning: 'Engine (ID: J6AP, Addr: n1:2375) contains a label (node=x) with key of "node" which cannot be used in Swarm.' },
  ];
  for (const c of labels) {
    it(c.it, () => {
      const found = specs(c.info);
      expect([...found.labels]).to.deep.equal(Object.entries(c.labels));
      expect(found.warnings).to.deep.equal(c.warning === undefined ? [] : [c.warning]);
    });
  }

  // prettier-ignore
  const ranges = [
    { it: "does not speak newer than the manager",  version: { ApiVersion: "1.60", MinAPIVersion: "1.44" }, api: { min: "1.44", max: "1.51" } },
    { it: "assumes the oldest when it is not told", version: { ApiVersion: undefined, MinAPIVersion: 5 },   api: { min: "1.12", max: "1.24" } },
  ];
  for (const { it: title, version, api } of ranges)
    it(title, () => expect(specs({}, version).api).to.deep.equal(api));

  // prettier-ignore
  const clocks = [
    { time: "2023-12-31T23:59:58.001Z", delta: 0 },
    { time: "2023-12-31T23:59:58Z",     delta: 2_000 },
    { time: "2024-01-01T00:01:00Z",     delta: -60_000 },
    { time: "nonsense",                 delta: 0 },
    { time: 17,                         delta: 0 },
    { time: undefined,                  delta: 0 },
  ];
  for (const { time, delta } of clocks) {
    it(`differs by ${delta} ms at ${time}`, () =>
      expect(specs({ SystemTime: time }).clockDeltaMs).to.equal(delta));
  }
});
