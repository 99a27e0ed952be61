import { expect } from "chai";
import { InfoWriter } from "../../../src/api/views/info-writer.ts";
import { infoBody, type InfoInput } from "../../../src/api/views/info.ts";
import type { NodeView } from "../../../src/api/views/types.ts";
import { node, now } from "./builders.ts";
import { seeded } from "./listing/world.ts";

const manager = {
  hostName: "m",
  kernelVersion: "6",
  os: "linux",
  arch: "amd64",
  httpProxy: "",
  httpsProxy: "",
  noProxy: "",
};

const input = (nodes: readonly NodeView[], over: Partial<InfoInput> = {}): InfoInput => ({
  nodes,
  images: 3,
  role: "primary",
  primary: "",
  strategy: "spread",
  filters: ["health", "port"],
  eventListeners: 0,
  serverVersion: "swarm/2",
  debug: false,
  experimental: false,
  nowMs: now,
  manager,
  ...over,
});

/** Each changes one thing a row shows. */
const changes: readonly ((random: () => number) => Partial<NodeView>)[] = [
  (random) => ({ name: random() < 0.1 ? "" : `node-${Math.floor(random() * 12)}` }),
  (random) => ({ id: `ID${random()}` }),
  (random) => ({
    state: (["Pending", "Healthy", "Unhealthy"] as const)[Math.floor(random() * 3)] ?? "Healthy",
  }),
  (random) => ({ availability: random() < 0.5 ? "drain" : "active" }),
  (random) => ({ containers: { total: 9, running: Math.floor(random() * 9), paused: 0, stopped: 1 } }),
  (random) => ({ containers: { total: 9, running: 2, paused: Math.floor(random() * 9), stopped: 1 } }),
  (random) => ({ containers: { total: 9, running: 2, paused: 3, stopped: Math.floor(random() * 9) } }),
  (random) => ({ containers: { total: Math.floor(random() * 9), running: 2, paused: 3, stopped: 4 } }),
  (random) => ({ reservedCpus: Math.floor(random() * 9) }),
  (random) => ({ totalCpus: Math.floor(random() * 9) }),
  (random) => ({ reservedMemoryBytes: Math.floor(random() * 2 ** 30) }),
  (random) => ({ totalMemoryBytes: Math.floor(random() * 2 ** 30) }),
  (random) => ({
    labels: new Map([
      ["zone", `"${random()}"`],
      ["disk", "ssd"],
    ]),
  }),
  (random) => ({ error: random() < 0.5 ? "" : `error ${random()}` }),
  (random) => ({ updatedAt: now + Math.floor(random() * 5_000) }),
  (random) => ({ serverVersion: `20.${Math.floor(random() * 9)}` }),
];

describe("api/views/info-writer", () => {
  it("writes what the plain view says, whatever changes", () => {
    const random = seeded(1);
    const writer = new InfoWriter();
    const nodes = Array.from({ length: 8 }, (_, n) => node({ name: `node-${n}`, port: 5_500 + n }));
    for (let step = 0; step < 2_000; step++) {
      const target = nodes[Math.floor(random() * nodes.length)];
      if (target !== undefined) Object.assign(target, changes[step % changes.length]?.(random));
      if (random() < 0.05) nodes.shift();
      if (random() < 0.05 || nodes.length === 0) nodes.push(node({ port: 6_000 + step }));
      if (random() < 0.05) nodes.reverse();
      const given = input(nodes, random() < 0.2 ? { role: "replica", primary: "10.0.0.1:3376" } : {});
      expect(writer.write(given, []).toString()).to.equal(`${JSON.stringify(infoBody(given))}\n`);
    }
  });

  it("has warnings in Docker's words", () => {
    const { Warnings } = JSON.parse(new InfoWriter().write(input([]), ["no store"]).toString()) as {
      Warnings: unknown;
    };
    expect(Warnings).to.deep.equal(["WARNING: no store"]);
  });
});
