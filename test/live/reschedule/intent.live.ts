import { mkdtempSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { untilStatus, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { keptIn } from "../support/kept.ts";
import { containersOf, inspectOn, nodeOf } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";
import { copiesOf, untilSettled } from "./weaknesses/support.ts";

const movable = ["-e", "reschedule:on-node-failure", "--stop-signal", "KILL"];
const onTwo = ["-e", "constraint:node==~node-2"];

describe("what users want of a container, asked past the manager", () => {
  // First, so that the containers can be removed from engines that are well.
  afterEach(async () => await lab().recover());
  let stateDir = "";
  const manager = useManager(() => {
    stateDir = mkdtempSync(path.join(lab().folder, "state-"));
    return { ...watchful, stateDir };
  });
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

  /** When each running container of this name was started, asked from the engines themselves. */
  const startsOf = async (name: string): Promise<readonly string[]> => {
    const running = (await copiesOf(name)).filter(({ state }) => state === "running");
    return await Promise.all(
      running.map(async ({ node, id }) => (await inspectOn(lab().engine(node), id)).State.StartedAt),
    );
  };

  it("a container stopped or removed by its engine's own client stays so when its node fails later", async () => {
    await runOnTwo("stopped");
    await runOnTwo("removed");
    await runOnTwo("web");
    await here("stop", "-t", "1", "stopped");
    await here("rm", "-f", "removed");
    // An end that nobody asked a manager for is in doubt for 15 s.
    await eventually(
      "the manager believes that this is what is wanted",
      () => {
        const kept = keptIn(stateDir);
        return kept.get("stopped")?.run === "stopped" && !kept.has("removed");
      },
      60_000,
      250,
    );
    expect(keptIn(stateDir).get("web")?.run).to.equal("running");
    await engine().kill();
    await untilStatus(manager(), "node-2", "Unhealthy", 20_000);
    await eventually(
      "web runs elsewhere",
      async () => /node-[13]\/web/.test((await listed()).join()),
      30_000,
    );
    await eventually(
      "the stopped one is made elsewhere",
      async () => /node-[13]\/stopped/.test((await listed("-a")).join()),
      30_000,
    );
    await untilSettled(manager());
    const names = (await listed("-a")).map((name) => name.split("/").at(-1));
    expect(names.sort()).to.deep.equal(["stopped", "web"]);
    expect((await listed()).map((name) => name.split("/").at(-1))).to.deep.equal(["web"]);
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
    const isEmpty = async (): Promise<boolean> => (await containersOf(engine())).length === 0;
    await eventually("node-2 has no old copies", isEmpty, 30_000);
    const names = (await listed("-a")).map((name) => name.split("/").at(-1));
    expect(names.sort()).to.deep.equal(["other", "web"]);
  });

  it("a container runs again after its engine was restarted too quickly to be missed", async () => {
    await runOnTwo("web");
    const before = await startsOf("web");
    expect(before).to.have.lengthOf(1);
    await engine().restart();
    await eventually(
      "it runs anew",
      async () => {
        const now = await startsOf("web");
        return now.length > 0 && !now.includes(before[0] ?? "");
      },
      60_000,
    );
  });
});
