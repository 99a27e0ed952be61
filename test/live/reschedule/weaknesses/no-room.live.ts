import { chmodSync, mkdirSync, mkdtempSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { LabRegistry } from "../../../lab/registry.ts";
import { succeed } from "../../support/docker-cli.ts";
import { untilStatus } from "../../support/faults.ts";
import { lab } from "../../support/fixtures.ts";
import { containersOf, nodeOf, running } from "../../support/placing.ts";
import { Manager } from "../../support/manager.ts";
import {
  copiesOf,
  firstOn,
  mend,
  movable,
  runOn,
  untilFailing,
  untilMoved,
  untilOneRuns,
  watching,
} from "./support.ts";

describe("a container whose new place is not ready when its node fails", () => {
  let manager: Manager;
  const lost = () => lab().engine("node-2");
  before(async () => (manager = await Manager.start(lab(), watching("swarm.reschedule-retry-max=2s"))));
  afterEach(async () => await mend(manager));
  after(async () => await manager.stop());

  // §7.4 #1
  it("moves as soon as a node has room for it, however late that is", async () => {
    const bytes = Number((await manager.info()).MemTotal) / lab().engines.length;
    const most = ["-m", String(Math.floor(bytes * 0.6))];
    await runOn(manager, "node-2", "big", ...most);
    const fillers = [await running(manager.docker, ...most), await running(manager.docker, ...most)];
    await lost().kill();
    await untilFailing(manager, "big", /no resources available to schedule container/);
    expect(await copiesOf("big")).to.deep.equal([]);
    const [freed = ""] = fillers;
    const roomy = await nodeOf(manager.docker, freed);
    await succeed(manager.docker, ["rm", "-f", freed]);
    expect(await untilMoved(manager, "big", "node-2")).to.equal(roomy);
    await lost().recover();
    expect(await untilOneRuns("big")).to.include({ node: roomy });
  });

  // §7.4 #11
  it("is started once it can be, if it could be made but not started at first", async () => {
    const folder = mkdtempSync(path.join(lab().folder, "program-"));
    const program = path.join(folder, "run");
    writeFileSync(program, "#!/bin/sh\nexec sleep 1000\n");
    chmodSync(program, 0o755);
    const command = [
      "run",
      "-d",
      ...movable,
      ...firstOn("node-2"),
      "--name",
      "late",
      "-v",
      `${folder}:/program`,
    ];
    await succeed(manager.docker, [...command, "busybox", "/program/run"]);
    renameSync(program, `${program}.away`);
    await lost().kill();
    await untilFailing(manager, "late", /\/program\/run.*\(on node-[13]\)/s);
    const [copy, ...others] = await copiesOf("late");
    expect(copy).to.include({ state: "created" });
    expect(others).to.deep.equal([]);
    renameSync(`${program}.away`, program);
    await untilMoved(manager, "late", "node-2");
    await lost().recover();
    expect((await untilOneRuns("late")).node).to.not.equal("node-2");
  });
});

describe("a container whose image only a private registry has, when its node fails", () => {
  let manager: Manager;
  let registry: LabRegistry;
  before(async () => {
    registry = await LabRegistry.start(lab(), { login: true });
    manager = await Manager.start(lab(), watching("swarm.reschedule-retry-max=2s"));
  });
  after(async () => {
    await mend(manager);
    await manager.stop();
    await registry[Symbol.asyncDispose]();
  });

  // §7.4 #10
  it("says what to do, and moves once another node has the image", async () => {
    const image = await registry.push(lab().engine("node-1"), "team/app:1");
    const config = path.join(lab().folder, "login");
    mkdirSync(config, { recursive: true });
    writeFileSync(path.join(config, "config.json"), JSON.stringify({ auths: registry.auths }));
    const env = { DOCKER_CONFIG: config };
    const command = ["run", "-d", ...movable, "-e", "constraint:node==~node-2", "--name", "private", image];
    await succeed(manager.docker, [...command, "sleep", "1000"], { env });
    expect(await nodeOf(manager.docker, "private")).to.equal("node-2");
    await lab().engine("node-2").kill();
    await untilStatus(manager, "node-2", "Unhealthy");
    const { LastError } = await untilFailing(
      manager,
      "private",
      /registry credentials are not stored: pull /,
    );
    expect(LastError)
      .to.match(/no basic auth credentials|authentication required|unauthorized/)
      .and.include(image);
    const other = lab().engine("node-3");
    await succeed(other.docker.bind(other), ["pull", image], { env });
    await untilMoved(manager, "private", "node-2");
    await lab().recover();
    const { node, id } = await untilOneRuns("private");
    expect(await containersOf(lab().engine(node))).to.include(id);
    for (const engine of lab().engines) await engine.docker(["rmi", "-f", image]);
  });
});
