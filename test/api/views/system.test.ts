import { expect } from "chai";
import { infoBody, systemStatus } from "../../../src/api/views/info.ts";
import type { InfoInput } from "../../../src/api/views/info.ts";
import { versionBody } from "../../../src/api/views/version.ts";
import { node, now } from "./builders.ts";

const input = (overrides: Partial<InfoInput> = {}): InfoInput => ({
  nodes: [],
  images: 0,
  role: "primary",
  primary: "",
  strategy: "spread",
  filters: ["health", "port"],
  eventListeners: 0,
  serverVersion: "swarm/0.1.0",
  debug: false,
  experimental: false,
  nowMs: now,
  manager: {
    hostName: "boss",
    kernelVersion: "6.1",
    os: "linux",
    arch: "amd64",
    httpProxy: "",
    httpsProxy: "",
    noProxy: "",
  },
  ...overrides,
});

describe("api/views/info", () => {
  it("says which nodes are paused or drained, after their status, and nothing of the others", () => {
    const nodes = (["active", "pause", "drain"] as const).map((availability, n) =>
      node({ name: `node-${n + 1}`, availability }),
    );
    const rows = systemStatus(input({ nodes })).map(([key, value]) => `${key.trim()}: ${value}`);
    const after = rows.flatMap((row, at) => (row.startsWith("└ Status") ? [rows[at + 1]] : []));
    expect(after).to.deep.equal([
      "└ Containers: 0 (0 Running, 0 Paused, 0 Stopped)",
      "└ Availability: pause",
      "└ Availability: drain",
    ]);
    expect(rows.filter((row) => row.includes("Containers"))).to.have.length(3);
  });

  it("lists an engine as the contract's sample does", () => {
    const engine = node({
      id: "J6AP:…:MMFS|127.0.0.1:5501",
      updatedAt: Date.UTC(2026, 10, 21, 6, 3, 42, 900),
      serverVersion: "20.10.24+dfsg1",
      totalMemoryBytes: 24.72 * 2 ** 30,
      labels: new Map(
        Object.entries({
          storage: "ssd",
          storagedriver: "overlay2",
          region: "us-east",
          ostype: "linux",
          operatingsystem: "…",
          kernelversion: "…",
        }),
      ),
    });
    const rows = systemStatus(input({ nodes: [engine] })).map(([key, value]) => ` ${key}: ${value}`);
    expect(rows.join("\n")).to.equal(
      [
        " Role: primary",
        " Strategy: spread",
        " Filters: health, port",
        " Nodes: 1",
        "  node-1: 127.0.0.1:5501",
        "   └ ID: J6AP:…:MMFS|127.0.0.1:5501",
        "   └ Status: Healthy",
        "   └ Containers: 0 (0 Running, 0 Paused, 0 Stopped)",
        "   └ Reserved CPUs: 0 / 2",
        "   └ Reserved Memory: 0 B / 24.72 GiB",
        "   └ Labels: kernelversion=…, operatingsystem=…, ostype=linux, region=us-east, storage=ssd, storagedriver=overlay2",
        "   └ UpdatedAt: 2026-11-21T06:03:42Z",
        "   └ ServerVersion: 20.10.24+dfsg1",
      ].join("\n"),
    );
  });

  it("names the primary on a replica", () => {
    expect(systemStatus(input({ role: "replica", primary: "10.0.0.1:3376" })).slice(0, 2)).to.deep.equal([
      ["Role", "replica"],
      ["Primary", "10.0.0.1:3376"],
    ]);
  });

  it("orders engines naturally by name, then by address, the unknown first", () => {
    const nodes = [
      node({ name: "node-10", port: 1 }),
      node({ name: "node-2", port: 10 }),
      node({ name: "node-2", port: 9 }),
      node({ name: "", id: "", port: 4, state: "Pending" }),
    ];
    const rows = systemStatus(input({ nodes })).filter(([key]) => /^ \S/.test(key));
    expect(rows.map((row) => row.join("="))).to.deep.equal([
      " (unknown)=127.0.0.1:4",
      " node-2=127.0.0.1:9",
      " node-2=127.0.0.1:10",
      " node-10=127.0.0.1:1",
    ]);
  });

  it("shows an unhealthy engine's plain count and its error", () => {
    const containers = { total: 3, running: 1, paused: 1, stopped: 1 };
    const rows = (state: "Healthy" | "Unhealthy", error: string) =>
      systemStatus(input({ nodes: [node({ state, error, containers })] })).map((row) => row.join(": "));
    expect(rows("Unhealthy", "no route to host")).to.include.members([
      "  └ Status: Unhealthy",
      "  └ Containers: 3",
      "  └ Error: no route to host",
    ]);
    expect(rows("Healthy", "")).to.include("  └ Containers: 3 (1 Running, 1 Paused, 1 Stopped)");
    expect(rows("Healthy", "").join("\n")).not.to.include("Error");
  });

  // prettier-ignore
  const sizes = [
    { bytes: 0,                     is: "0 B" },
    { bytes: 512,                   is: "512 B" },
    { bytes: 64 * 2 ** 20,          is: "64 MiB" },
    { bytes: 164 * 2 ** 20,         is: "164 MiB" },
    { bytes: 23.5 * 2 ** 30,        is: "23.5 GiB" },
    { bytes: 24.718 * 2 ** 30,      is: "24.72 GiB" },
    { bytes: 1023 * 2 ** 20,        is: "1023 MiB" },
    { bytes: 1023.96 * 2 ** 20,     is: "1024 MiB" },
    { bytes: 2 ** 30,               is: "1 GiB" },
    { bytes: 1.5 * 2 ** 40,         is: "1.5 TiB" },
  ];
  for (const { bytes, is } of sizes) {
    it(`writes ${bytes} reserved bytes as ${is}`, () => {
      const nodes = [node({ reservedMemoryBytes: bytes, totalMemoryBytes: 2 ** 50 })];
      expect(systemStatus(input({ nodes }))).to.deep.include(["  └ Reserved Memory", `${is} / 1 PiB`]);
    });
  }

  it("adds up the engines it knows, unhealthy ones included, pending ones not", () => {
    const sized = {
      totalCpus: 2,
      totalMemoryBytes: 100,
      containers: { total: 4, running: 1, paused: 1, stopped: 2 },
    };
    const body = infoBody(
      input({
        nodes: [
          node(sized),
          node({ ...sized, port: 2, state: "Unhealthy" }),
          node({ ...sized, port: 3, state: "Pending" }),
        ],
        images: 7,
        eventListeners: 2,
        debug: true,
      }),
    );
    expect(body).to.include({
      Containers: 8,
      ContainersRunning: 2,
      ContainersPaused: 2,
      ContainersStopped: 4,
      Images: 7,
      NCPU: 4,
      MemTotal: 200,
      NEventsListener: 2,
      Debug: true,
      ServerVersion: "swarm/0.1.0",
      Name: "boss",
      OperatingSystem: "linux",
      Architecture: "amd64",
      KernelVersion: "6.1",
      SystemTime: "2026-11-21T12:00:00.000000000Z",
      MemoryLimit: true,
      OomKillDisable: true,
      ID: "",
      Labels: null,
    });
  });
});

describe("api/views/version", () => {
  const details = {
    version: "swarm/0.1.0",
    api: { min: "1.24", max: "1.41" },
    gitCommit: "abc",
    runtimeVersion: "v20",
    os: "linux",
    arch: "amd64",
    kernelVersion: "6.1",
    buildTime: "",
    experimental: false,
  };
  it("has the contract's keys in order, and a component for newer clients", () => {
    const body = versionBody(details);
    expect(Object.keys(body).join(" ")).to.equal(
      "Platform Components Version ApiVersion MinAPIVersion GitCommit GoVersion Os Arch KernelVersion BuildTime",
    );
    expect(body).to.deep.include({
      Platform: { Name: "Docker Swarm - Community" },
      Version: "swarm/0.1.0",
      ApiVersion: "1.41",
      MinAPIVersion: "1.24",
    });
    expect(body).to.nested.include({
      "Components[0].Name": "Engine",
      "Components[0].Version": "swarm/0.1.0",
      "Components[0].Details.ApiVersion": "1.41",
      "Components[0].Details.MinAPIVersion": "1.24",
      "Components[0].Details.Experimental": "false",
    });
  });
  it("mentions experimental only when it is", () => {
    expect(versionBody({ ...details, experimental: true })).to.include({ Experimental: true });
  });
});
