import { expect } from "chai";
import { clientConfig } from "../support/client-config.ts";
import type { ClientConfig } from "../support/client-config.ts";
import { lab } from "../support/fixtures.ts";
import { runProgram } from "../support/programs.ts";
import { running } from "../support/placing.ts";
import { leavesNothing } from "../support/unused.ts";
import { useManager } from "../support/use-manager.ts";

/** What each part of `programs/testcontainers.ts` has to see, at an engine and through a manager. */
const parts = {
  anywhere: {
    "waits for a line of the log": { page: "hello", port: true },
    "waits for a health check": "hello",
    "waits for a command": "hello",
    "waits for a short run to end": ["", "one", "two"],
    "executes, copies in and out, restarts": {
      exitCode: 3,
      stdout: "hi\nhello",
      stderr: "oops\n",
      copied: "later",
      bytes: 3584,
      afterRestart: "later",
    },
  },
  networks: {
    "joins a network": { output: "hello", networks: 1 },
    "joins a network under another name": "hello",
  },
  pinned: { "waits for listening ports": "hello", "waits for an answer over HTTP": "hello" },
};

describe("Testcontainers", () => {
  const manager = useManager();
  leavesNothing();
  let config: ClientConfig;
  before(async () => (config = await clientConfig()));
  after(() => config[Symbol.dispose]());

  /** Ryuk would come from a registry; it removes what a program that died left behind. */
  const see = async (part: keyof typeof parts, url: string, env: NodeJS.ProcessEnv = {}) =>
    await runProgram("testcontainers.ts", url, [part], {
      env: { ...config.env, TESTCONTAINERS_RYUK_DISABLED: "true", TMPDIR: config.folder, ...env }, // it leaves a lock file
    });

  it("sees the same at an engine", async () => {
    const { url } = lab().engine("node-1");
    for (const part of ["anywhere", "networks", "pinned"] as const)
      expect(await see(part, url)).to.deep.equal(parts[part]);
  });

  it("waits, executes and copies through a manager, and finds each port at its node's address", async () => {
    await running(manager().docker, "-e", "constraint:node==node-1"); // so that they are not on the first node only
    expect(await see("anywhere", manager().url)).to.deep.equal(parts.anywhere);
  });

  it("makes networks through a manager", async () => {
    expect(await see("networks", manager().url)).to.deep.equal(parts.networks);
  });

  it("waits for ports through a manager when its containers are on one node and it knows that node's address", async () => {
    const { name, ip } = lab().engine("node-2");
    const env = { TESTCONTAINERS_HOST_OVERRIDE: ip, TEST_NODE: name };
    expect(await see("pinned", manager().url, env)).to.deep.equal(parts.pinned);
  });
});
