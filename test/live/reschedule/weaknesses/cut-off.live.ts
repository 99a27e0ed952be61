import { mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { eventually } from "../../../lab/eventually.ts";
import { succeed } from "../../support/docker-cli.ts";
import { untilStatus } from "../../support/faults.ts";
import { lab } from "../../support/fixtures.ts";
import { Manager } from "../../support/manager.ts";
import { containersOf, nodeOf, running } from "../../support/placing.ts";
import { pruneVolumes } from "../../support/unused.ts";
import {
  copiesOf,
  mend,
  movable,
  runOn,
  untilFailing,
  untilMoved,
  untilOneRuns,
  untilSettled,
  waiting,
  watching,
} from "./support.ts";

/** The anonymous volume of a container on an engine. */
async function volumeOf(node: string, container: string): Promise<string> {
  const { body } = await lab().engine(node).api("GET", `/containers/${container}/json`);
  const { Mounts } = JSON.parse(body) as { Mounts: { Name: string }[] };
  return Mounts[0]!.Name;
}

describe("a container of a node that is cut off", () => {
  const engine = () => lab().engine("node-2");
  let manager: Manager;
  let first: string, volume: string;
  const answers: number[] = [];
  before(async () => {
    manager = await Manager.start(lab(), watching());
    first = await runOn(manager, "node-2", "web", "-v", "/data");
    await succeed(manager.docker, ["exec", "web", "sh", "-c", "echo precious >/data/file"]);
    volume = await volumeOf("node-2", first);
    await engine().partition();
  });
  after(async () => {
    await mend(manager);
    await pruneVolumes(lab());
    await manager.stop();
  });

  // §7.4 #6
  it("runs elsewhere too, and the name means the copy that can be reached", async () => {
    const node = await untilMoved(manager, "web", "node-2", 40_000);
    expect(await copiesOf("web")).to.have.lengthOf(2);
    expect(await nodeOf(manager.docker, "web")).to.equal(node);
  });

  // §7.4 #6
  it("runs exactly once after the node is back, and can be addressed by its name all the time", async () => {
    const asking = new AbortController();
    const asks = (async () => {
      while (!asking.signal.aborted) {
        answers.push((await manager.get("/containers/web/json")).status);
        await sleep(50);
      }
    })();
    try {
      await engine().heal();
      await untilStatus(manager, "node-2", "Healthy", 40_000);
      const { node, id } = await untilOneRuns("web");
      expect(node).to.not.equal("node-2");
      expect(id).to.not.equal(first);
      await untilSettled(manager);
    } finally {
      asking.abort();
      await asks;
    }
    expect(new Set(answers)).to.deep.equal(new Set([200]));
    expect(await containersOf(engine())).to.deep.equal([]);
  });

  // §7.4 #6
  it("leaves the anonymous volume of the copy that gave way, with what is in it", async () => {
    const look = ["run", "--rm", "-v", `${volume}:/data`, "busybox", "cat", "/data/file"];
    const docker = engine().docker.bind(engine());
    expect(await succeed(docker, look)).to.equal("precious");
  });
});

describe("a container that its user stops while the node it was on is cut off", () => {
  // §7.4 #6
  it("stays stopped, and the old copy that runs gives way, when the node is back", async () => {
    const manager = await Manager.start(lab(), watching());
    try {
      await runOn(manager, "node-2", "quiet", "--restart", "always");
      await lab().engine("node-2").refuse();
      const node = await untilMoved(manager, "quiet", "node-2");
      await succeed(manager.docker, ["stop", "-t", "0", "quiet"]);
      await lab().engine("node-2").accept();
      await untilStatus(manager, "node-2", "Healthy");
      await untilSettled(manager);
      const left = await eventually("one copy is left", async () => {
        const copies = await copiesOf("quiet");
        return copies.length === 1 && copies[0];
      });
      expect(left).to.include({ node, state: "exited" });
    } finally {
      await mend(manager);
      await manager.stop();
    }
  });
});

describe("containers of a node that the discovery file no longer lists", () => {
  let manager: Manager;
  let file: string;
  const lines = (...names: readonly string[]) => names.map((name) => `${lab().engine(name).addr}\n`).join("");
  const untilGone = async () =>
    await manager.untilNodes("node-2 is gone", (nodes) => nodes.every(({ name }) => name !== "node-2"));
  before(async () => {
    file = path.join(mkdtempSync(path.join(lab().folder, "discovery-")), "cluster");
    writeFileSync(file, lines("node-1", "node-2", "node-3"));
    manager = await Manager.start(lab(), {
      ...watching("swarm.reschedule-retry-max=2s"),
      discovery: `file://${file}`,
    });
  });
  afterEach(async () => {
    writeFileSync(file, lines("node-1", "node-2", "node-3"));
    await mend(manager);
  });
  after(async () => await manager.stop());

  // §7.4 #8
  it("stay, and are not doubled, while their node is well", async () => {
    const id = await runOn(manager, "node-2", "stays");
    writeFileSync(file, lines("node-1", "node-3"));
    await untilGone();
    // Silence would count after five seconds.
    await untilFailing(manager, "stays", /not in discovery any more, but answers/);
    await sleep(7_000);
    expect((await waiting(manager)).map(({ Name, State }) => [Name, State])).to.deep.equal([
      ["stays", "held"],
    ]);
    writeFileSync(file, lines("node-1", "node-2", "node-3"));
    await untilStatus(manager, "node-2", "Healthy");
    await untilSettled(manager);
    expect(await copiesOf("stays")).to.deep.equal([{ node: "node-2", id, state: "running" }]);
    expect(await nodeOf(manager.docker, "stays")).to.equal("node-2");
  });

  it("keep their names until they are back, unless their user gives them up", async () => {
    await runOn(manager, "node-2", "named");
    await runOn(manager, "node-2", "given-up");
    writeFileSync(file, lines("node-1", "node-3"));
    await untilGone();
    const again = (name: string) => ["run", "-d", ...movable, "--name", name, "busybox", "sleep", "1000"];
    const refused = await manager.docker(again("named"));
    expect(refused.stderr).to.match(
      /The name named is already assigned.*Its node is away.*docker rm -f named/,
    );
    expect((await manager.docker(["rm", "given-up"])).stderr).to.match(
      /its node node-2 is away, .*: force the removal/,
    );
    await succeed(manager.docker, ["rm", "-f", "given-up"]);
    const id = await succeed(manager.docker, again("given-up"));
    writeFileSync(file, lines("node-1", "node-2", "node-3"));
    await untilStatus(manager, "node-2", "Healthy");
    expect(await untilOneRuns("given-up")).to.include({ id });
    expect(await nodeOf(manager.docker, "named")).to.equal("node-2");
    await untilSettled(manager);
  });

  // §7.4 #9
  it("run elsewhere in the end, if it was dead and they had no room when it was taken out", async () => {
    const most = ["-m", String(Math.floor((Number((await manager.info()).MemTotal) / 3) * 0.6))];
    await runOn(manager, "node-2", "small");
    await runOn(manager, "node-2", "big", ...most);
    const fillers = [await running(manager.docker, ...most), await running(manager.docker, ...most)];
    await lab().engine("node-2").kill();
    await untilFailing(manager, "big", /no resources available/);
    writeFileSync(file, lines("node-1", "node-3"));
    await untilGone();
    await succeed(manager.docker, ["rm", "-f", fillers[0] ?? ""]);
    expect(await untilMoved(manager, "big", "node-2")).to.match(/^node-[13]$/);
    expect(await untilMoved(manager, "small", "node-2")).to.match(/^node-[13]$/);
  });

  // §7.4 #9
  it("run elsewhere, if it is taken out at the moment it dies", async () => {
    await runOn(manager, "node-2", "abrupt");
    writeFileSync(file, lines("node-1", "node-3"));
    await lab().engine("node-2").kill();
    await untilGone();
    expect(await untilMoved(manager, "abrupt", "node-2", 30_000)).to.match(/^node-[13]$/);
  });

  // §7.4 #14
  it("are neither removed nor moved when it gets another address, or has two", async () => {
    const engine = lab().engine("node-2");
    const second = `[::ffff:${engine.ip}]:2375\n`;
    const ids = [await runOn(manager, "node-2", "one", "-v", "/data"), await runOn(manager, "node-2", "two")];
    const stopped = [
      "create",
      ...movable,
      "-e",
      "constraint:node==~node-2",
      "--name",
      "off",
      "busybox",
      "true",
    ];
    ids.push(await succeed(manager.docker, stopped));
    await succeed(manager.docker, ["exec", "one", "sh", "-c", "echo precious >/data/file"]);
    const healthyAt = async (...addresses: readonly string[]) =>
      await manager.untilNodes(
        `node-2 is healthy at ${addresses.join(" or ")}`,
        (nodes) =>
          nodes.some(({ address, rows }) => addresses.includes(address) && rows.Status === "Healthy"),
        40_000,
      );
    const both = [engine.addr, second.trim()];
    for (const [listed, at] of [
      [lines("node-1", "node-2", "node-3") + second, both],
      [lines("node-1", "node-3") + second, [second.trim()]],
      [lines("node-1", "node-2", "node-3") + second, both],
    ] as const) {
      writeFileSync(file, listed);
      await healthyAt(...at);
      await sleep(1_000); // for whatever it may do then
      expect(await containersOf(engine)).to.have.members(ids);
    }
    await engine.refuse();
    await eventually("no address of node-2 is healthy", async () => {
      const nodes = await manager.nodes();
      return nodes.every(({ address, rows }) => !both.includes(address) || rows.Status !== "Healthy");
    });
    expect(await untilMoved(manager, "one", "node-2")).to.match(/^node-[13]$/);
    await engine.accept();
    await healthyAt(...both);
    await untilSettled(manager);
    for (const name of ["one", "two"]) expect((await untilOneRuns(name)).node).to.not.equal("node-2");
  });
});
