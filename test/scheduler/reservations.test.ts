import { expect } from "chai";

import { candidate, container, GiB, MiB, outcome, request, scheduler, used } from "./builders.ts";

describe("scheduler: reservations, the table of scheduling.md §10.9", () => {
  const nodes = () => [
    candidate({
      name: "n1",
      memory: GiB,
      cpus: 1,
      usedMemory: 512 * MiB,
      containers: [container("pend", { labels: { role: "x" }, pending: true })],
      usedPorts: [used("80/tcp", ":80", "pend")],
      hostModePorts: [{ key: "443/tcp", pending: true, holder: "pend" }],
    }),
    candidate({
      name: "n2",
      memory: GiB,
      cpus: 1,
      containers: [container("a"), container("b", { id: "e" })],
    }),
  ];
  // prettier-ignore
  const cases = [
    { it: "N01: affinity to its name",         asked: request({ affinities: ["container==pend"] }),   result: "n1" },
    { it: "N02: against its label",            asked: request({ affinities: ["role!=x"] }),           result: "n2" },
    { it: "N03: link to it",                   asked: request({ dependencies: [{ kind: "link", raw: "pend:a", reference: "pend" }] }), result: "n1" },
    { it: "N04: its memory counts",            asked: request({ memoryBytes: 600 * MiB }),            result: "n2" },
    { it: "N05: its memory counts, but fits",  asked: request({ memoryBytes: 500 * MiB }),            result: "n2 n1" },
    { it: "N06: its port is taken",            asked: request({ portBindings: [{ containerPort: "80/tcp", hostIp: "", hostPort: "80" }] }), result: "n2" },
    { it: "N07: it is one container",          asked: request(),                                      result: "n1 n2" },
  ];
  for (const c of cases) {
    it(c.it, () => {
      expect(outcome(scheduler().place(c.asked, nodes()))).to.equal(c.result);
    });
  }

  it("N08: its host-mode ports are not seen", () => {
    const asked = request({ hostNetwork: true, exposedPorts: ["443/tcp"] });
    expect(outcome(scheduler().place(asked, nodes().slice(0, 1)))).to.equal("n1");
  });
});
