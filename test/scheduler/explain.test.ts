import { expect } from "chai";

import { formatBytes } from "../../src/scheduler/format-bytes.ts";
import type { Candidate, PlacementRequest } from "../../src/scheduler/types.ts";
import {
  candidate,
  container,
  fixtureF1,
  frame,
  GiB,
  image,
  NO_RESOURCES,
  request,
  scheduler,
  SLOTS,
  used,
} from "./builders.ts";
import type { SchedulerParts } from "./builders.ts";

function refuse(asked: PlacementRequest, nodes: readonly Candidate[], parts: SchedulerParts = {}) {
  const result = scheduler(parts).place(asked, nodes);
  if (result.kind === "placed") throw new Error("placed");
  return result.refusal;
}

describe("scheduler/explain", () => {
  const web = (name: string, others = 0) =>
    candidate({ name, others, usedPorts: [used("80/tcp", ":80", "web")] });
  const port80 = [{ containerPort: "80/tcp", hostIp: "", hostPort: "80" }];

  it("names the rule, how many nodes it ruled out, and the nearest miss", () => {
    const nodes = [candidate({ name: "node-1", labels: { storage: "disk" } }), web("node-2"), web("node-10")];
    const asked = request({ portBindings: port80, constraints: ["storage==ssd"] });
    expect(refuse(asked, nodes)).to.deep.equal({
      message: frame("[port 80 (Bridge mode)]", SLOTS, "[storage==ssd]"),
      explanation: [
        "port: ruled out 2 of 3 nodes; nearest: node-2 (port 80 is held by web)",
        "constraint: ruled out 3 of 3 nodes; nearest: node-1 (storage==ssd is wanted, it has storage=disk)",
      ],
    });
  });

  it("tells of a single CPU that is missing", () => {
    const full = [candidate({ name: "n1", usedCpus: 4 })];
    expect(refuse(request({ cpus: 1 }), full).explanation).to.deep.equal([
      "cpu: ruled out 1 of 1 node; nearest: n1 (1 CPUs requested, 0 of 4 free)",
    ]);
  });

  it("prefers the node that breaks the fewest rules", () => {
    const nodes = [
      web("a"),
      candidate({ ...{ name: "b" }, labels: { storage: "ssd" }, usedPorts: [used("80/tcp", ":80", "web")] }),
    ];
    const asked = request({ portBindings: port80, constraints: ["storage==ssd"] });
    expect(refuse(asked, nodes).explanation).to.deep.equal([
      "port: ruled out 2 of 2 nodes; nearest: b (port 80 is held by web)",
      "constraint: ruled out 1 of 2 nodes; nearest: a (storage==ssd is wanted, it has no label storage)",
    ]);
  });

  it("tells what is free, nearest first", () => {
    const nodes = [1, 2.5, 4].map((usedGiB, index) =>
      candidate({ name: `node-${index + 1}`, usedMemory: usedGiB * GiB }),
    );
    expect(refuse(request({ memoryBytes: 3.5 * GiB, cpus: 9 }), nodes)).to.deep.equal({
      message: NO_RESOURCES,
      explanation: [
        "memory: ruled out 3 of 3 nodes; nearest: node-1 (3.5 GiB requested, 3 GiB of 4 GiB free)",
        "cpu: ruled out 3 of 3 nodes; nearest: node-1 (9 CPUs requested, 4 of 4 free)",
      ],
    });
  });

  it("tells about each kind of rule", () => {
    const node = candidate({
      name: "n1",
      health: 0,
      labels: { containerslots: "1" },
      containers: [container("web")],
      hostModePorts: [{ key: "443/tcp", pending: false, holder: "nginx" }],
    });
    const asked = request({
      hostNetwork: true,
      exposedPorts: ["443/tcp"],
      dependencies: [{ kind: "link", raw: "db:d", reference: "db" }],
      affinities: ["container!=web"],
      constraints: ["node!=n1"],
      whitelists: ["node==n2|n3"],
      excludedEngines: new Set([node.id]),
      requiredImages: ["busybox"],
      memoryBytes: 5 * GiB,
      cpus: 5,
    });
    expect(refuse(asked, [node])).to.deep.equal({
      message: "No healthy node available in the cluster",
      explanation: [
        "health: ruled out 1 of 1 node; nearest: n1 (it does not answer)",
        "port: ruled out 1 of 1 node; nearest: n1 (port 443/tcp is held by nginx)",
        "containerslots: ruled out 1 of 1 node; nearest: n1 (1 containers, containerslots=1)",
        "dependency: ruled out 1 of 1 node; nearest: n1 (it has no container db)",
        "affinity: ruled out 1 of 1 node; nearest: n1 (one container is against container!=web)",
        "constraint: ruled out 1 of 1 node; nearest: n1 (node!=n1 is wanted, it is n1)",
        "whitelist: ruled out 1 of 1 node; nearest: n1 (it is not one of n2, n3)",
        "retry: ruled out 1 of 1 node; nearest: n1 (it refused the container before)",
        "image: ruled out 1 of 1 node; nearest: n1 (it does not hold busybox)",
        "memory: ruled out 1 of 1 node; nearest: n1 (5 GiB requested, 4 GiB of 4 GiB free)",
        "cpu: ruled out 1 of 1 node; nearest: n1 (5 CPUs requested, 4 of 4 free)",
      ],
    });
  });

  it("stays short on a thousand nodes with long names and conditions", () => {
    const nodes = Array.from({ length: 1_000 }, (_, i) => candidate({ name: `${"x".repeat(10_000)}${i}` }));
    const { explanation } = refuse(request({ constraints: [`node==${"y".repeat(10_000)}`] }), nodes);
    expect(explanation).to.have.length(1);
    expect(explanation.join("\n")).to.have.length.below(400);
  });

  it("says nothing more about a syntax error or an empty cluster", () => {
    expect(refuse(request({ constraints: ["node=n1"] }), fixtureF1()).explanation).to.deep.equal([]);
    expect(refuse(request(), []).explanation).to.deep.equal([]);
  });

  it("leaves out later filters whose expressions cannot be read", () => {
    const asked = request({ affinities: ["container==nope"], constraints: ["oops"] });
    expect(refuse(asked, fixtureF1()).explanation).to.deep.equal([
      "affinity: ruled out 3 of 3 nodes; nearest: n1 (no container matches container==nope)",
    ]);
  });

  it("names the image an affinity wants", () => {
    const nodes = [candidate({ images: [image("1", ["a:1"])] })];
    expect(refuse(request({ affinities: ["image==b"] }), nodes).explanation).to.deep.equal([
      "affinity: ruled out 1 of 1 node; nearest: n1 (no image matches image==b)",
    ]);
  });
});

describe("scheduler/format-bytes", () => {
  // prettier-ignore
  const cases: readonly (readonly [bytes: number, text: string])[] = [
    [0, "0 B"], [1_023, "1023 B"], [1_024, "1 KiB"], [1.5 * GiB, "1.5 GiB"], [3.9999 * GiB, "4 GiB"], [2 ** 60, "1024 PiB"],
  ];
  for (const [bytes, text] of cases) {
    it(text, () => {
      expect(formatBytes(bytes)).to.equal(text);
    });
  }
});
