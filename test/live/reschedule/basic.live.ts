import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { eventsSoFar } from "../support/events.ts";
import { untilStatus, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { saidAt } from "../support/log-times.ts";
import { sweep } from "../support/leftovers.ts";
import { Manager } from "../support/manager.ts";
import { containersOf, nodeOf } from "../support/placing.ts";

/** How each container asks for what is to happen when its node fails. */
const asked: Readonly<Record<string, readonly string[]>> = {
  env: ["-e", "reschedule:on-node-failure"],
  plural: ["-l", 'com.docker.swarm.reschedule-policies=["on-node-failure"]'],
  singular: ["-l", "com.docker.swarm.reschedule-policy=on-node-failure"],
  bound: ["-e", "reschedule:on-node-failure", "-e", "constraint:node==node-2"],
  off: ["-e", "reschedule:off"],
  nothing: [],
};
const moving = ["env", "plural", "singular"];

describe("containers of a node that is killed", () => {
  const engine = () => lab().engine("node-2");
  let manager: Manager;
  const ids = new Map<string, string>();
  const swarmIds = new Map<string, string>();

  before(async () => {
    manager = await Manager.start(lab(), watchful);
    for (const [name, flags] of Object.entries(asked)) {
      const where = flags.includes("constraint:node==node-2") ? [] : ["-e", "constraint:node==~node-2"];
      const run = ["run", "-d", "--stop-signal", "KILL", "--name", name, ...where, ...flags];
      ids.set(name, await succeed(manager.docker, [...run, "busybox", "sleep", "1000"]));
      swarmIds.set(name, await swarmIdOf(name));
      expect(await nodeOf(manager.docker, name)).to.equal("node-2");
    }
    await eventually("the manager has heard that they run", async () => (await ps()).length === ids.size);
    await engine().kill();
    await untilStatus(manager, "node-2", "Unhealthy");
  });
  after(async () => {
    await lab().recover();
    await sweep(lab(), manager);
    await manager.stop();
  });

  const ps = async (...flags: readonly string[]) => {
    const listed = await succeed(manager.docker, ["ps", ...flags, "--format", "{{.Names}}"]);
    return listed === "" ? [] : listed.split("\n");
  };
  const swarmIdOf = async (name: string) =>
    await succeed(manager.docker, [
      "inspect",
      "--format",
      '{{index .Config.Labels "com.docker.swarm.id"}}',
      name,
    ]);
  const shortName = (listed: string) => listed.slice(listed.indexOf("/") + 1);

  it("run on other nodes within five seconds after it was found dead, if they asked for it in any of the ways", async () => {
    const moved = async () => (await ps()).map(shortName).sort().join(" ") === [...moving].sort().join(" ");
    await eventually("those that asked for it run", moved);
    for (const name of moving) expect(await nodeOf(manager.docker, name)).to.not.equal("node-2");
    const foundAt = saidAt(manager.logs, "Flagging engine as unhealthy");
    const done = (await eventsSoFar(manager.docker, "type=swarm")).filter(
      ({ Action }) => Action === "reschedule_done",
    );
    expect(done).to.have.lengthOf(moving.length);
    for (const { Actor, timeNano } of done)
      expect(timeNano / 1e6 - foundAt, `ms for ${Actor.Attributes.name ?? ""}`).to.be.below(5_000);
  });

  it("keep their names and swarm IDs, and answer to their old IDs", async () => {
    for (const name of moving) {
      expect(await swarmIdOf(name)).to.equal(swarmIds.get(name));
      const format = ["inspect", "--format", "{{.Name}}"];
      expect(await succeed(manager.docker, [...format, ids.get(name) ?? ""])).to.equal(`/${name}`);
    }
  });

  it("are listed once", async () => {
    const listed = await succeed(manager.docker, ["ps", "-aq", "--no-trunc"]);
    for (const name of moving) expect(listed).to.not.include(ids.get(name));
    const names = (await ps("-a")).map(shortName).sort();
    expect(names).to.deep.equal(Object.keys(asked).sort());
  });

  it("stay where they are if they did not ask for it, or must", async () => {
    const listed = await ps("-a");
    expect(listed).to.include.members(["node-2/bound", "node-2/nothing", "node-2/off"]);
  });

  it("say in the log and in docker events what becomes of them", async () => {
    for (const name of moving) {
      const id = ids.get(name) ?? "";
      expect(manager.logs).to.match(
        new RegExp(`Rescheduled container ${id} from node-2 to node-[13] as [0-9a-f]{64}`),
      );
      expect(manager.logs).to.match(
        new RegExp(`Container ${id} was running, starting container [0-9a-f]{64}`),
      );
    }
    expect(manager.logs).to.include(`Failed to reschedule container ${ids.get("bound") ?? ""}: `);
    const events = await eventsSoFar(manager.docker, "type=swarm");
    const about = (name: string) =>
      events.filter(({ Actor }) => Actor.Attributes.name === name).map(({ Action }) => Action);
    for (const name of moving) {
      expect(about(name)).to.deep.equal(["reschedule_pending", "reschedule_start", "reschedule_done"]);
    }
    expect(about("bound")).to.include.members(["reschedule_pending", "reschedule_failed"]);
    expect([...about("off"), ...about("nothing")]).to.deep.equal([]);
  });

  it("leave no second copy when the node is back", async () => {
    await lab().recover();
    await untilStatus(manager, "node-2", "Healthy");
    const old = moving.map((name) => ids.get(name) ?? "");
    await eventually("the old copies are removed", async () => {
      const left = await containersOf(engine());
      return old.every((id) => !left.includes(id));
    });
    const left = await containersOf(engine());
    expect(left).to.have.members(["bound", "off", "nothing"].map((name) => ids.get(name)));
    for (const name of moving) expect(await nodeOf(manager.docker, name)).to.not.equal("node-2");
  });

  it("run again on their node if they had to stay, and asked for it", async () => {
    await eventually("bound runs again", async () => (await ps()).includes("node-2/bound"));
  });
});
