import { mkdtempSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { sweep } from "../support/leftovers.ts";
import { Manager } from "../support/manager.ts";
import { containersOf, nodeOf, running } from "../support/placing.ts";
import { swarm } from "./swarm-command.ts";

const movable = ["--stop-signal", "KILL", "-e", "reschedule:on-node-failure"];

/** Does anybody answer on this port of an engine's machine? Where nobody listens that is known at once; a busy machine may take its time. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ host, port, agent: false, timeout: 5_000 }, (res) => {
      res.resume();
      resolve(true);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(false));
    asked.end();
  });
}

/** Asks all nodes again and again until stopped, and counts the rounds in which none answered. */
function watch(port: number): { readonly stop: () => Promise<{ rounds: number; silent: number }> } {
  const hosts = lab().engines.map(({ addr }) => addr.split(":")[0]!);
  const over = new AbortController();
  let rounds = 0;
  let silent = 0;
  const work = (async () => {
    while (!over.signal.aborted) {
      const heard = await Promise.all(hosts.map((host) => answers(host, port)));
      rounds++;
      if (!heard.includes(true)) silent++;
      await sleep(20);
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await work;
      return { rounds, silent };
    },
  };
}

describe("draining a node", () => {
  let manager: Manager;
  before(async () => (manager = await Manager.start(lab())));
  afterEach(async () => {
    for (const { name } of lab().engines)
      await swarm(manager, "node", "update", "--availability", "active", name);
    await sweep(lab(), manager);
  });
  after(async () => await manager.stop());

  it("moves what may move, the service on a published port never silent, and reports what stays", async () => {
    await succeed(manager.docker, [
      ...["run", "-d", "--name", "web", "-p", "18080:80", ...movable, "-e", "constraint:node==~node-1"],
      ...["busybox", "httpd", "-f", "-p", "80", "-h", "/etc"],
    ]);
    const fixed = await running(manager.docker, "--name", "fixed", "-e", "constraint:node==node-1");
    const host = lab().engine("node-1").addr.split(":")[0]!;
    await eventually("web answers", () => answers(host, 18_080));
    const watching = watch(18_080);
    const { code, stdout, stderr } = await swarm(
      manager,
      "node",
      "update",
      "--availability",
      "drain",
      "node-1",
    );
    const { rounds, silent } = await watching.stop();
    expect(code, stdout + stderr).to.equal(0);
    const to = await nodeOf(manager.docker, "web");
    expect(stdout).to.include(
      `moved web to ${to}\nnode-1 is drained of all that may move: 1 container moved, 1 stay\n  fixed stays: `,
    );
    expect(to).to.not.equal("node-1");
    expect(rounds).to.be.greaterThan(5);
    expect(silent).to.equal(0);
    expect(await containersOf(lab().engine("node-1"))).to.deep.equal([fixed]);

    // It is taken into use again, and the next drain goes as well.
    const active = await swarm(manager, "node", "update", "--availability", "active", "node-1");
    expect(active.stdout).to.equal("node-1\n");
    const second = await swarm(manager, "node", "update", "--availability", "drain", to);
    expect(second.code, second.stdout + second.stderr).to.equal(0);
    expect(second.stdout).to.match(
      new RegExp(`moved web to node-\\d\n${to} is drained: 1 container moved\n$`),
    );
  });

  it("ends with 1 and the reason when something stays at the deadline", async () => {
    await running(manager.docker, "--name", "bound", ...movable, "-e", "constraint:node==node-2");
    const drain = ["--availability", "drain", "--drain-deadline", "3s", "node-2"];
    const { code, stdout } = await swarm(manager, "node", "update", ...drain);
    expect(code, stdout).to.equal(1);
    expect(stdout).to.match(
      /node-2 is not drained, the time is over: 0 containers moved, 1 stay\n {2}bound stays: .+\n$/,
    );
    expect(await nodeOf(manager.docker, "bound")).to.equal("node-2");
  });

  it("goes on after the manager was killed and started again", async () => {
    const stateDir = mkdtempSync(path.join(lab().folder, "state-"));
    const first = await Manager.start(lab(), { stateDir });
    await succeed(first.docker, ["ps"]);
    await swarm(first, "node", "update", "--label-add", "disk=fast", "node-1");
    await running(first.docker, "--name", "bound", ...movable, "-e", "constraint:disk==fast");
    await swarm(first, "node", "update", "--detach", "--availability", "drain", "node-1");
    await eventually("it cannot be moved yet", async () => {
      const { body } = await first.get("/cluster/nodes/node-1");
      return body.includes("disk==fast");
    });
    await first.kill();
    await using second = await Manager.start(lab(), { stateDir });
    await swarm(second, "node", "update", "--label-add", "disk=fast", "node-3");
    await eventually(
      "bound runs on node-3",
      async () => {
        const { stdout } = await second.docker([
          "inspect",
          "-f",
          "{{.Node.Name}} {{.State.Running}}",
          "bound",
        ]);
        return stdout.trim() === "node-3 true";
      },
      45_000,
    );
    await eventually("node-1 is drained", async () => {
      const { stdout } = await swarm(second, "node", "inspect", "--pretty", "node-1");
      return stdout.includes("Drain is done");
    });
  });
});
