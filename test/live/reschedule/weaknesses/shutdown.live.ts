import { expect } from "chai";
import { eventually } from "../../../lab/eventually.ts";
import { succeed } from "../../support/docker-cli.ts";
import { eventsSoFar } from "../../support/events.ts";
import { untilStatus } from "../../support/faults.ts";
import { lab } from "../../support/fixtures.ts";
import { Manager } from "../../support/manager.ts";
import { copiesOf, mend, runOn, untilMoved, untilOneRuns, untilSettled, watching } from "./support.ts";

describe("containers of a node that is shut down and switched on again", () => {
  let manager: Manager;
  const engine = () => lab().engine("node-2");
  const restarts: Readonly<Record<string, readonly string[]>> = {
    plain: [],
    always: ["--restart", "always"],
    unless: ["--restart", "unless-stopped"],
    failing: ["--restart", "on-failure:3"],
  };
  const names = Object.keys(restarts);
  before(async () => {
    manager = await Manager.start(lab(), watching());
    for (const [name, flags] of Object.entries(restarts)) await runOn(manager, "node-2", name, ...flags);
    for (const name of ["stopped", "stopped-always"]) {
      await runOn(manager, "node-2", name, ...(name === "stopped" ? [] : ["--restart", "always"]));
    }
    await succeed(manager.docker, ["stop", "-t", "0", "stopped", "stopped-always"]);
    await engine().stop();
  });
  after(async () => {
    await mend(manager);
    await manager.stop();
  });

  // §7.4 #2
  it("run on other nodes while it is off, whatever their restart policy", async () => {
    for (const name of names) expect(await untilMoved(manager, name, "node-2")).to.match(/^node-[13]$/);
  });

  // §7.4 #2
  it("stay stopped if their user stopped them right before", async () => {
    await untilSettled(manager);
    for (const name of ["stopped", "stopped-always"]) {
      const { stdout } = await manager.docker([
        "inspect",
        "--format",
        "{{.State.Running}} {{.Node.Name}}",
        name,
      ]);
      expect(stdout).to.match(/^false node-[13]\n$/);
    }
  });

  // §7.4 #2, #6
  it("run once, and the stopped ones are there once, when it is on again", async () => {
    await engine().host.cutPower();
    await engine().start();
    await untilStatus(manager, "node-2", "Healthy");
    for (const name of names) expect((await untilOneRuns(name)).node).to.not.equal("node-2");
    for (const name of ["stopped", "stopped-always"]) {
      const copies = await eventually(`one ${name}`, async () => {
        const found = await copiesOf(name);
        return found.length === 1 && found;
      });
      expect(copies[0]?.state).to.not.equal("running");
    }
  });
});

describe("containers of a node that comes and goes", () => {
  const engine = () => lab().engine("node-2");

  // §7.4 #12
  it("stay where they are during short outages, with swarm.reschedule-delay", async () => {
    const manager = await Manager.start(lab(), watching("swarm.reschedule-delay=1m"));
    try {
      const id = await runOn(manager, "node-2", "steady");
      for (let outage = 0; outage < 2; outage++) {
        await engine().refuse();
        await untilStatus(manager, "node-2", "Unhealthy");
        // Once for each outage.
        const told = () =>
          manager.logs.match(/is not rescheduled yet: swarm\.reschedule-delay/g)?.length ?? 0;
        await eventually("the move waits", () => told() > outage);
        await engine().accept();
        await untilStatus(manager, "node-2", "Healthy");
        await untilSettled(manager);
      }
      expect(await copiesOf("steady")).to.deep.equal([{ node: "node-2", id, state: "running" }]);
      const actions = (await eventsSoFar(manager.docker, "type=swarm")).map(({ Action }) => Action);
      const outage = ["reschedule_pending", "reschedule_cancelled"];
      expect(actions.filter((action) => action.startsWith("reschedule"))).to.deep.equal([
        ...outage,
        ...outage,
      ]);
    } finally {
      await mend(manager);
      await manager.stop();
    }
  });

  // §7.4 #12
  it("run exactly once at the end, without", async () => {
    const manager = await Manager.start(lab(), watching());
    try {
      await runOn(manager, "node-2", "restless");
      for (let outage = 0; outage < 3; outage++) {
        await engine().refuse();
        await untilStatus(manager, "node-2", "Unhealthy");
        // At least once there are two copies; the other outages may be too short for it.
        if (outage === 0) await untilMoved(manager, "restless", "node-2");
        await engine().accept();
        await untilStatus(manager, "node-2", "Healthy");
      }
      await untilSettled(manager);
      await untilOneRuns("restless");
      expect(await succeed(manager.docker, ["exec", "restless", "echo", "here"])).to.equal("here");
    } finally {
      await mend(manager);
      await manager.stop();
    }
  });

  // §7.4 #7
  it("move to and fro, each time a node fails, whatever copies are left", async () => {
    const manager = await Manager.start(lab(), watching());
    const away = ["-e", "constraint:node!=node-3"];
    try {
      await runOn(manager, "node-2", "ball", ...away);
      await engine().kill();
      expect(await untilMoved(manager, "ball", "node-2")).to.equal("node-1");
      // The node is back with its copy at the very moment the other one fails.
      await Promise.all([engine().start(), lab().engine("node-1").refuse()]);
      expect(await untilMoved(manager, "ball", "node-1", 30_000)).to.equal("node-2");
      await Promise.all([lab().engine("node-1").accept(), engine().refuse()]);
      expect(await untilMoved(manager, "ball", "node-2", 30_000)).to.equal("node-1");
      await engine().accept();
      await untilStatus(manager, "node-2", "Healthy");
      await untilSettled(manager);
      await untilOneRuns("ball");
    } finally {
      await mend(manager);
      await manager.stop();
    }
  });
});
