import { expect } from "chai";
import { succeed } from "../support/docker-cli.ts";
import { removeContainers, ticking } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { Manager } from "../support/manager.ts";
import { Session } from "../support/session.ts";

describe("a manager that is told to stop", () => {
  afterEach(async () => {
    await lab().recover();
    await removeContainers(lab());
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`by ${signal} ends all open streams and itself, and leaves the containers alone`, async () => {
      const manager = await Manager.start(lab());
      await succeed(manager.docker, ["run", "-d", "--name", "web", "busybox", ...ticking]);
      const start = (args: readonly string[]) => Session.start(manager.url, args);
      await using events = start(["events"]);
      await using logs = start(["logs", "-f", "web"]);
      await using run = start(["run", "-i", "--name", "front", "busybox", ...ticking]);
      await using exec = start(["exec", "-i", "web", "cat"]);
      await using stats = start(["stats", "web"]);
      exec.write("echoed\n");
      await Promise.all([logs.until("tick"), run.until("tick"), exec.until("echoed"), stats.until("web")]);
      await manager.stop(signal); // with exit code 0, or it throws
      await Promise.all([events, logs, run, exec].map((session) => session.exitCode()));
      const running = async () => {
        const lists = await Promise.all(lab().engines.map((each) => each.docker(["ps", "-q"])));
        return lists.flatMap(({ stdout }) => stdout.split("\n").filter(Boolean));
      };
      expect(await running()).to.have.lengthOf(2);
    });
  }

  it("stops in time even when an engine is frozen and a client does not let go", async () => {
    const manager = await Manager.start(lab());
    const flags = ["-d", "--name", "web", "-e", "constraint:node==node-2"];
    await succeed(manager.docker, ["run", ...flags, "busybox", ...ticking]);
    await using logs = Session.start(manager.url, ["logs", "-f", "web"]);
    await logs.until("tick");
    lab().engine("node-2").freeze();
    await using hanging = Session.start(manager.url, ["stop", "web"]);
    await manager.stop();
    expect(await hanging.exitCode()).to.not.equal(0);
  });
});
