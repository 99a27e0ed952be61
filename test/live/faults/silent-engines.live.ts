import { expect } from "chai";
import type { LabEngine } from "../../lab/engine.ts";
import { Lab } from "../../lab/lab.ts";
import { succeed } from "../support/docker-cli.ts";
import { clientSockets, ticking, untilStatus, untilStreamsAreGone, watchful } from "../support/faults.ts";
import { sweep } from "../support/leftovers.ts";
import { Manager } from "../support/manager.ts";
import { nodeOf } from "../support/placing.ts";
import { Session } from "../support/session.ts";

/** One engine for each fault, so that all of them are found in the time of one. */
// prettier-ignore
const faults: readonly { name: string; it: string; begin: (e: LabEngine) => unknown; end: (e: LabEngine) => unknown; status: RegExp }[] = [
  { name: "paused",      it: "whose daemon is stopped where it stands", begin: (e) => e.pause(),     end: (e) => e.unpause(), status: /^Up / },
  { name: "frozen",      it: "whose whole host is frozen",              begin: (e) => e.freeze(),    end: (e) => e.thaw(),    status: /^Up / },
  { name: "partitioned", it: "that the network does not reach",         begin: (e) => e.partition(), end: (e) => e.heal(),    status: /^Up / },
  { name: "refusing",    it: "that refuses connections",                begin: (e) => e.refuse(),    end: (e) => e.accept(),  status: /^Up / },
  { name: "powerless",   it: "whose power was cut",                     begin: (e) => e.cutPower(),  end: (e) => e.start(),   status: /^Exited / },
];

describe("engines that fall silent", () => {
  let lab: Lab;
  let manager: Manager;
  let clientsBefore: number;
  let logs: ReadonlyMap<string, Session>;

  before(async () => {
    lab = await Lab.create({ engines: [...faults, { name: "sound" }].map(({ name }) => ({ name })) });
    manager = await Manager.start(lab, watchful);
    const run = async ({ name }: { name: string }) => {
      const flags = ["-d", "--name", `on-${name}`, "-e", `constraint:node==${name}`];
      await succeed(manager.docker, ["run", ...flags, "busybox", ...ticking]);
      await succeed(manager.docker, ["create", "-e", "constraint:node==sound", "busybox", "true"]);
    };
    await Promise.all(faults.map(run));
    clientsBefore = await clientSockets(manager, lab);
    logs = new Map(
      faults.map(({ name }) => [name, Session.start(manager.url, ["logs", "-f", `on-${name}`])]),
    );
    await Promise.all([...logs.values()].map((session) => session.until("tick")));
    await Promise.all(faults.map(({ name, begin }) => begin(lab.engine(name))));
  });
  after(async () => {
    await Promise.all([...logs.values()].map((session) => session.kill()));
    await manager.stop();
    await lab.dispose();
  });

  it("do not slow down what concerns the others", async () => {
    const inTime = { timeoutMs: 5000 };
    expect(await succeed(manager.docker, ["ps", "-q"], inTime)).to.not.equal("");
    await succeed(manager.docker, ["version"], inTime);
    const flags = ["--rm", "-e", "constraint:node==sound"];
    expect(await succeed(manager.docker, ["run", ...flags, "busybox", "echo", "fine"], inTime)).to.equal(
      "fine",
    );
  });

  for (const { name, it: which } of faults) {
    it(`${which}: becomes unhealthy, says why, and ends its streams`, async () => {
      const rows = await untilStatus(manager, name, "Unhealthy", 40_000);
      expect(rows.Error).to.be.a("string").and.not.equal("");
      const status = await succeed(manager.docker, [
        ...["ps", "-a", "--filter", `name=on-${name}`, "--format", "{{.Status}}"],
      ]);
      expect(status).to.equal("Host Down");
      expect(await logs.get(name)!.exitCode()).to.be.a("number");
    });
  }

  it("leave all new containers to the sound one", async () => {
    const id = await succeed(manager.docker, ["create", "busybox", "true"], { timeoutMs: 5000 });
    expect(await nodeOf(manager.docker, id)).to.equal("sound");
  });

  for (const { name, it: which, end, status } of faults) {
    it(`${which}: is healthy again when that is over, with its containers as they are`, async () => {
      await end(lab.engine(name));
      const rows = await untilStatus(manager, name, "Healthy", 40_000);
      expect(rows).to.not.have.property("Error");
      const filters = ["--filter", `name=on-${name}`, "--format", "{{.Status}}"];
      expect(await succeed(manager.docker, ["ps", "-a", ...filters])).to.match(status);
      expect(await succeed(manager.docker, ["logs", "--tail", "1", `on-${name}`])).to.equal("tick");
    });
  }

  it("leave no connection of a client behind", async () => {
    await sweep(lab, manager);
    await untilStreamsAreGone(manager, lab, clientsBefore);
  });
});
