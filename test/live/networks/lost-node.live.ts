import { expect } from "chai";
import { messages } from "../../../src/telemetry/messages.ts";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { untilStatus, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { sweep } from "../support/leftovers.ts";
import { Manager } from "../support/manager.ts";
import { refused, running } from "../support/placing.ts";
import { pruneNetworks, pruneVolumes } from "../support/unused.ts";

const shop = ["--label", "com.docker.compose.project=shop"];

describe("networks and volumes while a node is lost", () => {
  let manager: Manager;
  const docker = (...args: readonly string[]) => succeed(manager.docker, args);
  before(async () => {
    manager = await Manager.start(lab(), watchful);
    await docker("network", "create", ...shop, "node-2/shop_front");
    await docker("volume", "create", "data");
    // Killed with it, and gone with the test's own sweep.
    await running(manager.docker, "--stop-signal", "KILL", "-e", "constraint:node==node-2", "--name", "web");
    await lab().engine("node-2").kill();
    // What is on its way to an engine while it dies may have been done: that is answered with an error, and another matter.
    await eventually("its connections are gone", () => manager.logs.includes(messages.eventStreamBroken));
  });
  after(async () => {
    await lab().recover();
    await sweep(lab(), manager);
    await pruneNetworks(lab());
    await pruneVolumes(lab());
    await manager.stop();
  });

  // All in one test: the node may be known to be lost or not yet, but not for long.
  it("go on without it, and say what it keeps from going on", async () => {
    for (const name of ["one", "two", "three"]) await docker("network", "create", ...shop, name);
    const names = await docker(
      "network",
      "ls",
      "--format",
      "{{.Name}}",
      "--filter",
      "name=^(one|two|three)$",
    );
    expect(names.split("\n")).to.have.length(3);
    expect(names).to.not.match(/node-2/);

    await docker("volume", "create", "more");
    for (const node of ["node-1", "node-3"]) {
      expect(await docker("volume", "inspect", "--format", "{{.Name}}", `${node}/more`)).to.equal("more");
    }

    await untilStatus(manager, "node-2", "Unhealthy");
    const kept = await refused(manager.docker, ["network", "rm", "shop_front"]);
    expect(kept.join()).to.match(/No healthy node holds network shop_front/);
    const apart = await refused(manager.docker, ["network", "disconnect", "-f", "shop_front", "web"]);
    expect(apart.join()).to.match(/Container web running on unhealthy node node-2/);
    const volume = await refused(manager.docker, ["volume", "rm", "data"]);
    expect(volume.join()).to.match(/^node-2: the node is not healthy$/);
    const left = await docker("volume", "ls", "-q", "--filter", "name=data");
    expect(left).to.equal("node-2/data");
    for (const kind of ["network", "volume"]) {
      const text = await refused(manager.docker, [kind, "create", "node-2/x"]);
      expect(text[0]).to.match(/Unable to find a node that satisfies|No healthy node/);
    }
    expect(await docker("network", "prune", "-f")).to.match(/one\n|two\n|three\n/);
  });
});
