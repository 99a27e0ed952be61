import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { untilStatus, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { useManager } from "../support/use-manager.ts";
import { nodeOf } from "../support/placing.ts";

const movable = ["-e", "reschedule:on-node-failure", "--stop-signal", "KILL"];
const onTwo = ["-e", "constraint:node==~node-2"];

describe("what users want of a container, asked past the manager", () => {
  // First, so that the containers can be removed from engines that are well.
  afterEach(async () => await lab().recover());
  const manager = useManager(watchful);
  const engine = () => lab().engine("node-2");

  const runOnTwo = async (name: string, ...flags: readonly string[]): Promise<void> => {
    await untilStatus(manager(), "node-2", "Healthy", 30_000);
    const run = ["run", "-d", "--name", name, ...movable, ...onTwo, ...flags, "busybox", "sleep", "1000"];
    await succeed(manager().docker, run);
    expect(await nodeOf(manager().docker, name)).to.equal("node-2");
  };
  const listed = async (...flags: readonly string[]): Promise<readonly string[]> =>
    (await succeed(manager().docker, ["ps", ...flags, "--format", "{{.Names}}"])).split("\n").sort();
  const here = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await engine().docker(args);
    expect(code, stderr).to.equal(0);
  };

  it("a container stopped or removed by its engine's own client stays so when its node fails later", async () => {
    await runOnTwo("stopped");
    await runOnTwo("removed");
    await runOnTwo("web");
    await here("stop", "-t", "1", "stopped");
    await here("rm", "-f", "removed");
    await new Promise((resolve) => setTimeout(resolve, 18_000)); // longer than an end is in doubt
    await engine().kill();
    await untilStatus(manager(), "node-2", "Unhealthy", 20_000);
    await eventually(
      "web runs elsewhere",
      async () => /node-[13]\/web/.test((await listed()).join()),
      30_000,
    );
    const names = (await listed("-a")).map((name) => name.split("/").at(-1));
    expect(names).to.include("web").and.to.not.include("removed");
    expect((await listed()).join()).to.not.match(/stopped/);
  });

  it("a container that --rm took with its engine's shutdown runs again", async () => {
    await runOnTwo("brief", "--rm");
    await engine().stop();
    await untilStatus(manager(), "node-2", "Unhealthy", 20_000);
    await eventually(
      "it runs elsewhere",
      async () => /node-[13]\/brief/.test((await listed()).join()),
      30_000,
    );
  });

  it("a container that was moved and then removed does not come back with its old node", async () => {
    await runOnTwo("web");
    await runOnTwo("other");
    await engine().kill();
    await untilStatus(manager(), "node-2", "Unhealthy", 20_000);
    const isElsewhere = async (): Promise<boolean> => {
      const names = (await listed()).join();
      return /node-[13]\/web/.test(names) && /node-[13]\/other/.test(names);
    };
    await eventually("both run elsewhere", isElsewhere, 30_000);
    await succeed(manager().docker, ["rm", "-f", "web"]);
    await succeed(manager().docker, ["run", "-d", "--name", "web", "busybox", "sleep", "1000"]);
    await lab().recover();
    await untilStatus(manager(), "node-2", "Healthy", 20_000);
    const there = async (): Promise<string> => (await engine().docker(["ps", "-aq"])).stdout.trim();
    await eventually("node-2 has no old copies", async () => (await there()) === "", 30_000);
    const names = (await listed("-a")).map((name) => name.split("/").at(-1));
    expect(names.sort()).to.deep.equal(["other", "web"]);
  });

  it("a container runs again after its engine was restarted too quickly to be missed", async () => {
    await runOnTwo("web");
    await engine().restart();
    await eventually("it runs", async () => (await listed()).join().includes("/web"), 60_000);
  });
});
