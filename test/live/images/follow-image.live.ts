import { readdirSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import type { LabEngine } from "../../lab/engine.ts";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import { untilStatus } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import { inspectOn, nodeOf, placed, refused } from "../support/placing.ts";
import { Registry } from "../support/registry.ts";
import { Session } from "../support/session.ts";
import { useManager } from "../support/use-manager.ts";

const on = (engine: LabEngine, ...args: readonly string[]) =>
  succeed((words, options) => engine.docker(words, options), args);

/** Imports files of so many random bytes as an image that no registry knows. @returns its ID, 64 digits */
async function makeOn(engine: LabEngine, tag: string, bytes = 1): Promise<string> {
  await on(
    engine,
    "run",
    "--name",
    "maker",
    "busybox",
    "sh",
    "-c",
    `head -c ${String(bytes)} /dev/urandom > /payload`,
  );
  const id = await on(engine, "commit", "-c", 'CMD ["sleep","1000"]', "maker", tag);
  await on(engine, "rm", "maker");
  return id.replace("sha256:", "");
}

const holdsOn = async (engine: LabEngine, reference: string) =>
  (await engine.docker(["image", "inspect", reference])).code === 0;

async function loadsSince(engine: LabEngine, seconds: number): Promise<number> {
  const until = String(Math.ceil(Date.now() / 1000) + 1);
  const events = await on(
    engine,
    "events",
    "--since",
    String(seconds),
    "--until",
    until,
    "--filter",
    "event=load",
  );
  return events.split("\n").filter(Boolean).length;
}

/** Is the engine taking in an archive right now? */
const isLoading = ({ host }: LabEngine): boolean =>
  readdirSync(path.join(host.folder, "data/tmp")).some((name) => name.startsWith("docker-import-"));

/** Makes an engine send no faster than this until disposed. */
async function slowLine(engine: LabEngine): Promise<AsyncDisposable> {
  const rule = ["root", "tbf", "rate", "8mbit", "burst", "32kbit", "latency", "400ms"];
  await engine.host.exec("tc", "qdisc", "add", "dev", "eth0", ...rule);
  const undo = () => engine.host.exec("tc", "qdisc", "del", "dev", "eth0", "root");
  return {
    [Symbol.asyncDispose]: async () => {
      await undo();
    },
  };
}

/** Mends the lab when the test is over, before the sweep that follows every test asks each engine. */
const faults = (): AsyncDisposable => ({ [Symbol.asyncDispose]: () => lab().recover() });

for (const mode of ["fallback", "always", "never"] as const) {
  describe(`an image one node has, with swarm.followimage=${mode}`, () => {
    const manager = useManager({ args: ["--cluster-opt", `swarm.followimage=${mode}`] });
    const holder = () => lab().engine("node-2");
    let registry: Registry;
    /** Its registry answers, and would say that there is no such image. */
    let tag: string;
    let id: string;
    const create = (...args: readonly string[]) => succeed(manager().docker, ["create", ...args]);

    before(async () => {
      registry = await Registry.start(lab());
      tag = registry.image("missing/follow:v1");
    });
    after(async () => await registry[Symbol.asyncDispose]());
    beforeEach(async () => {
      registry.pulls.length = 0;
      id = await makeOn(holder(), tag);
      await eventually("the manager knows the image", async () =>
        (await manager().docker(["images", "-q", "--no-trunc", tag])).stdout.includes(id),
      );
      // Spread alone goes elsewhere.
      for (const _ of [1, 2]) await placed(manager().docker, "-e", "constraint:node==node-2");
    });
    afterEach(async () => {
      for (const engine of lab().engines) await engine.docker(["rmi", "-f", id]);
    });

    it(
      mode === "always" ? "comes to the node the strategy chose" : "draws a container to that node",
      async () => {
        const node = await nodeOf(manager().docker, await create(tag));
        if (mode === "always") expect(node).to.not.equal("node-2");
        else expect(node).to.equal("node-2");
        expect(registry.pulls, "no registry ever had it").to.deep.equal([]);
      },
    );

    for (const [how, reference] of [
      ["its name", () => tag],
      ["its short ID", () => id.slice(0, 12)],
      ["its ID", () => `sha256:${id}`],
    ] as const) {
      for (const constraint of ["node==node-1", "region!=us-west"]) {
        const works = mode === "never" ? "is not brought" : "is brought";
        it(`${works} to another node that ${constraint} asks for, by ${how}`, async () => {
          const args = ["-e", `constraint:${constraint}`, reference()];
          if (mode === "never") {
            await refused(manager().docker, ["create", ...args]);
            for (const engine of lab().engines)
              expect(await holdsOn(engine, id)).to.equal(engine === holder());
            return;
          }
          const made = await create(...args);
          const engine = lab().engine(await nodeOf(manager().docker, made));
          expect(engine.name).to.not.equal("node-2");
          expect(await inspectOn(engine, made)).to.include({ Image: `sha256:${id}` });
          expect(await holdsOn(engine, tag)).to.equal(how === "its name");
          expect(registry.pulls).to.deep.equal([]);
          // The manager knows the copy when the client has its answer.
          const listed = await succeed(manager().docker, [
            "images",
            "-q",
            "--filter",
            `node=${engine.name}`,
            "-a",
          ]);
          expect(listed).to.include(id.slice(0, 12));
        });
      }
    }
  });
}

describe("copying an image between nodes", () => {
  const manager = useManager();
  const tag = "local/big:1";
  const target = () => lab().engine("node-1");
  let ids: string[] = [];
  const known = (node: string) =>
    eventually(
      `the manager knows the image on ${node}`,
      async () => (await manager().docker(["images", "-q", "--filter", `node=${node}`, tag])).stdout !== "",
    );
  const make = async (node: string, bytes: number) => {
    // Of an engine that the test before has killed, the manager may not know yet that it is back.
    for (const name of [node, target().name]) await untilStatus(manager(), name, "Healthy");
    ids.push(await makeOn(lab().engine(node), tag, bytes));
    await known(node);
  };
  /** Waits until the target takes in the image; says what the client said when it ends before. */
  const underWay = (session: Session) =>
    eventually("the copy is under way", () => {
      if (!session.isRunning) throw new Error(`the client ended: ${session.errors}`);
      return isLoading(target());
    });
  const toTarget = ["create", "-e", "constraint:node==node-1"];

  afterEach(async () => {
    for (const engine of lab().engines) for (const id of ids) await engine.docker(["rmi", "-f", id]);
    ids = [];
  });

  it("happens once for many who want it at the same time", async () => {
    await make("node-2", 20_000_000);
    const since = Math.floor(Date.now() / 1000);
    const runs = Array.from({ length: 6 }, () => manager().docker([...toTarget, tag]));
    for (const { code, stderr } of await Promise.all(runs)) expect(code, stderr).to.equal(0);
    expect(await loadsSince(target(), since)).to.equal(1);
  });

  it("goes on from another holder when one dies midway", async () => {
    await using _faults = faults();
    await make("node-2", 20_000_000);
    const archive = path.join(lab().folder, "big.tar");
    await on(lab().engine("node-2"), "save", "-o", archive, tag);
    await on(lab().engine("node-3"), "load", "-q", "-i", archive);
    await known("node-3");
    await using _line = await slowLine(lab().engine("node-2"));
    await using session = Session.start(manager().url, [...toTarget, tag]);
    await underWay(session);
    await lab().engine("node-2").kill();
    expect(await session.exitCode(), session.errors).to.equal(0);
    expect(await holdsOn(target(), tag)).to.equal(true);
  });

  it("fails with the names of the nodes when the only holder dies midway, and leaves nothing behind", async () => {
    await using _faults = faults();
    await make("node-2", 20_000_000);
    await using _line = await slowLine(lab().engine("node-2"));
    await using session = Session.start(manager().url, [...toTarget, "--name", "again", tag]);
    await underWay(session);
    await lab().engine("node-2").kill();
    expect(await session.exitCode()).to.equal(1);
    expect(session.errors).to.match(/cannot copy image local\/big:1 to node-1: node-2: /);
    expect(await holdsOn(target(), tag)).to.equal(false);
    await eventually("the engine drops what it got", () => !isLoading(target()));
    // The name is free again.
    await succeed(manager().docker, ["create", "--name", "again", "busybox"]);
  });

  it("fails with the node's name when the node it goes to dies midway", async () => {
    await using _faults = faults();
    await make("node-2", 20_000_000);
    await using _line = await slowLine(lab().engine("node-2"));
    await using session = Session.start(manager().url, [...toTarget, tag]);
    await underWay(session);
    await target().kill();
    expect(await session.exitCode()).to.equal(1);
    expect(session.errors).to.match(/cannot copy image local\/big:1 to node-1: node-1: /);
  });

  it("ends when its client leaves, unless another waits for it", async () => {
    await make("node-2", 6_000_000);
    await using _line = await slowLine(lab().engine("node-2"));
    await using stays = Session.start(manager().url, [...toTarget, tag]);
    await using leaves = Session.start(manager().url, [...toTarget, tag]);
    await underWay(stays);
    await leaves.kill();
    expect(await stays.exitCode(), stays.errors).to.equal(0);

    await target().docker(["rm", "-f", ...(await on(target(), "ps", "-aq")).split("\n")]);
    await target().docker(["rmi", "-f", tag]);
    await using alone = Session.start(manager().url, [...toTarget, tag]);
    await underWay(alone);
    await alone.kill();
    await eventually("the copy is given up", () => !isLoading(target()));
    expect(await holdsOn(target(), tag)).to.equal(false);
  });
});
