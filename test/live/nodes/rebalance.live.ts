import { expect } from "chai";
import { lab } from "../support/fixtures.ts";
import { sweep } from "../support/leftovers.ts";
import { Manager } from "../support/manager.ts";
import { containersOf, nodeOf, running } from "../support/placing.ts";
import { swarm } from "./swarm-command.ts";

describe("rebalancing a cluster", () => {
  let manager: Manager;
  before(async () => (manager = await Manager.start(lab())));
  afterEach(async () => await sweep(lab(), manager));
  after(async () => await manager.stop());

  it("shows the gain first, then makes the moves, and has nothing to do afterwards", async () => {
    for (const node of ["node-2", "node-3"])
      await swarm(manager, "node", "update", "--availability", "pause", node);
    for (let at = 1; at <= 4; at++)
      await running(
        manager.docker,
        "--name",
        `movable-${at}`,
        "--stop-signal",
        "KILL",
        "-e",
        "reschedule:on-node-failure",
      );
    for (const name of ["fixed-1", "fixed-2"]) await running(manager.docker, "--name", name);
    for (const node of ["node-2", "node-3"])
      await swarm(manager, "node", "update", "--availability", "active", node);
    expect(await containersOf(lab().engine("node-1"))).to.have.length(6);

    const dry = await swarm(manager, "rebalance", "--dry-run");
    expect(dry.code, dry.stderr).to.equal(0);
    expect(dry.stdout).to.match(/^movable-1 +node-1 +node-[23]$/m);
    expect(dry.stdout).to.include(
      "Strategy spread: 4 containers to move, spread of the scores 2.83 now, 0 then.",
    );
    expect(await containersOf(lab().engine("node-1"))).to.have.length(6);

    const made = await swarm(manager, "rebalance", "--yes", "--parallel", "2");
    expect(made.code, made.stdout + made.stderr).to.equal(0);
    expect(made.stdout).to.include("4 containers moved, 0 stay");
    for (const engine of lab().engines) expect(await containersOf(engine), engine.name).to.have.length(2);
    for (let at = 1; at <= 4; at++)
      expect(await nodeOf(manager.docker, `movable-${at}`)).to.not.equal("node-1");

    const again = await swarm(manager, "rebalance", "--yes");
    expect([again.code, again.stdout.split("\n")[0]]).to.deep.equal([
      0,
      "Nothing to gain by strategy spread.",
    ]);
  });
});
