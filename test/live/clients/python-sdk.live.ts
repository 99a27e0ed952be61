import { expect } from "chai";
import { LabRegistry } from "../../lab/registry.ts";
import { lab } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { runProgram } from "../support/programs.ts";
import { leavesNothing } from "../support/unused.ts";
import { useManager } from "../support/use-manager.ts";

/** What each part of `programs/sdk.py` has to see, at an engine and through a manager. */
const parts: Readonly<Record<string, unknown>> = {
  system: { ping: true, os: "linux", containers: 0 },
  containers: {
    output: "hello\n",
    status: "running",
    name: "sdk-box",
    exec: [3, "b\n"],
    demux: [0, "out\n", "err\n"],
    copied: ["note", "copied in"],
    found: [true],
    same: true,
    processes: 1,
    memory: true,
    "exit code": 137,
    left: [],
  },
  failures: {
    "exit code": ["ContainerError", 7, "no\n"],
    "no such container": ["NotFound", 404],
    "no such image": ["ImageNotFound", 404],
    "no such network": ["NotFound", 404],
    "no such volume": ["NotFound", 404],
    "bad command": ["APIError", 400],
  },
  logs: { followed: ["one", "three", "two"], stderr: "two\n" },
  attach: { "exit code": 0, sorted: "a\nb\n" },
  events: ["create", "start", "die", "destroy"],
  images: { tags: ["busybox:latest"], os: "linux", history: 1 },
  tag_and_remove: { tagged: true, there: 1, left: 0 },
  save_and_load: [["busybox:latest"]],
  build: { tags: ["sdk/built:latest"], steps: 3, output: "built\n" },
  networks: {
    listed: 1,
    labels: { sdk: "yes" },
    resolved: true,
    members: ["sdk-server"],
    "after disconnect": 0,
    "after connect": 1,
    left: 0,
  },
  volumes: { labels: { sdk: "yes" }, output: "kept\n", listed: ["sdk-data"], left: 0 },
};

describe("the Docker SDK for Python", () => {
  needs("/usr/bin/python3 docker");
  const manager = useManager();
  leavesNothing();

  it("sees the same through a manager as at an engine", async () => {
    const names = Object.keys(parts);
    expect(await runProgram("sdk.py", lab().engine("node-1").url, names), "at the engine").to.deep.equal(
      parts,
    );
    expect(await runProgram("sdk.py", manager().url, names), "through the manager").to.deep.equal(parts);
  });

  it("pulls an image, and runs it", async () => {
    await using registry = await LabRegistry.start(lab());
    const image = await registry.push(lab().engine("node-1"), "sdk:1");
    const seen = await runProgram("sdk.py", manager().url, ["pull"], { input: `${image}\n` });
    expect(seen).to.deep.equal({ pull: { tagged: true, output: "pulled\n" } });
  });
});
