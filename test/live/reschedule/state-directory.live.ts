import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { must, run } from "../../lab/command.ts";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { untilStatus, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { keptIn } from "../support/kept.ts";
import { sweep } from "../support/leftovers.ts";
import { Manager } from "../support/manager.ts";
import { nodeOf } from "../support/placing.ts";
import { untilMoved, untilSettled } from "./weaknesses/support.ts";

const movable = ["-e", "reschedule:on-node-failure"];
const create = (name: string, ...flags: readonly string[]): readonly string[] => [
  ...["run", "-d", "--stop-signal", "KILL", "--name", name],
  ...[...movable, ...flags, "busybox", "sleep", "1000"],
];

describe("a manager with a state directory", () => {
  const disk = () => path.join(lab().folder, "state-disk");
  const stateDir = () => path.join(disk(), "state");
  const filler = () => path.join(disk(), "filler");
  let manager: Manager;
  const start = async (healthyNodes = 3): Promise<Manager> =>
    await Manager.start(lab(), { ...watchful, stateDir: stateDir(), healthyNodes });

  before(async () => {
    mkdirSync(disk());
    await must("mount", ["-t", "tmpfs", "-o", "size=512k,mode=0700", "tmpfs", disk()]);
    manager = await start();
  });
  afterEach(() => rmSync(filler(), { force: true }));
  after(async () => {
    await lab().recover();
    await sweep(lab(), manager);
    await manager.stop();
    await run("umount", [disk()]);
    rmSync(disk(), { recursive: true });
  });

  /** Names of the containers the directory knows, sorted. */
  const known = (): string[] => [...keptIn(stateDir()).keys()].sort();

  /** Until there has been no room for a second: a file that was just being replaced gives some back. */
  const fill = async (): Promise<void> => {
    for (let quietLooks = 0; quietLooks < 20; quietLooks++) {
      const isFull = full();
      if (!isFull) quietLooks = 0;
      await sleep(50);
    }
  };
  const full = (): boolean => {
    try {
      appendFileSync(filler(), Buffer.alloc(4096));
      return false;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      return true;
    }
  };

  it("has written down what it must not forget when docker run returns", async () => {
    await succeed(manager.docker, create("web", "-e", "constraint:node==~node-2"));
    expect(known()).to.deep.equal(["web"]);
  });

  it("serves as ever while the disk is full, says so once, and catches up when there is room", async () => {
    await fill();
    await succeed(manager.docker, create("db"));
    await succeed(manager.docker, ["stop", "-t", "1", "web"]);
    await succeed(manager.docker, ["start", "web"]);
    expect(manager.logs.match(/what is wanted of containers cannot be stored/g)).to.have.lengthOf(1);
    expect(known()).to.deep.equal(["web"]);
    rmSync(filler());
    await eventually("the log says that all is stored", () =>
      manager.logs.includes("what is wanted of containers is stored again"),
    );
    expect(known()).to.deep.equal(["db", "web"]);
  });

  it("is killed together with a node, and moves that node's containers when it is back", async () => {
    expect(await nodeOf(manager.docker, "web")).to.equal("node-2");
    await manager.kill();
    await lab().engine("node-2").kill();
    manager = await start(2);
    await eventually(
      "web runs on another node",
      async () => {
        const { stdout } = await manager.docker(["ps", "--filter", "name=web", "--format", "{{.Names}}"]);
        return /^node-[13]\/web$/m.test(stdout);
      },
      60_000,
    );
    await lab().recover();
    await untilStatus(manager, "node-2", "Healthy", 20_000);
  });

  it("has forgotten a container once its user has removed it", async () => {
    await succeed(manager.docker, ["rm", "-f", "db"]);
    await eventually("its entry is gone", () => known().join() === "web");
  });

  it("tells an engine's shutdown from a user's stop", async () => {
    await succeed(
      manager.docker,
      create("shop", "-e", "constraint:node==node-1|node-3", "-e", "constraint:node==~node-3"),
    );
    await succeed(manager.docker, create("idle", "-e", "constraint:node==~node-3"));
    expect([await nodeOf(manager.docker, "shop"), await nodeOf(manager.docker, "idle")]).to.deep.equal([
      "node-3",
      "node-3",
    ]);
    await succeed(manager.docker, ["stop", "-t", "1", "idle"]);
    await lab().engine("node-3").stop();
    await untilStatus(manager, "node-3", "Unhealthy", 20_000);
    expect(await untilMoved(manager, "shop", "node-3", 60_000)).to.equal("node-1");
    await untilSettled(manager);
    const format = "{{.State.Running}} {{.Node.Name}}";
    expect(await succeed(manager.docker, ["inspect", "--format", format, "idle"])).to.match(
      /^false node-[12]$/,
    );
    await lab().recover();
  });
});
