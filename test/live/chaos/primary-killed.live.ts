import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import type { CommandResult } from "../../lab/command.ts";
import { dockerCli } from "../../lab/docker-cli.ts";
import { eventually } from "../../lab/eventually.ts";
import { ticking } from "../support/faults.ts";
import { saidAt } from "../support/log-times.ts";
import { Session } from "../support/session.ts";
import type { ChaosManager } from "./world/chaos-manager.ts";
import { leaseMs, World } from "./world/world.ts";

/** What a client may be told that can simply try again. */
const retryable =
  /EOF|connection re(fused|set)|error during connect|Cannot connect to the Docker daemon|try again|may have been carried out|No elected primary|Unable to reach primary|unexpected end|Conflict/i;

interface Run {
  readonly name: string;
  readonly result: CommandResult;
}

describe("a primary that is killed under load", function () {
  this.timeout(180_000);
  let world: World;
  let disposeWorld = (): Promise<void> => Promise.resolve();
  let primary: ChaosManager;
  let replicas: readonly ChaosManager[];
  let streams: readonly Session[] = [];
  let runs: readonly Run[];
  let underWayThen: number;
  let takeOverMs: number;

  before(async () => {
    world = await World.create(
      {
        mode: "etcd",
        engines: ["node-1", "node-2", "node-3"],
        managers: ["manager-1", "manager-2", "manager-3"],
        stores: ["etcd-1"],
        agents: false,
        clocks: false,
      },
      { log: () => undefined },
    );
    disposeWorld = () => world[Symbol.asyncDispose]();
    primary = await eventually("there is a primary", async () => await leaderOf(world));
    replicas = world.managers.filter((manager) => manager !== primary);
    streams = await attachedStreams(world);
    const load = fiftyRuns(world);
    await eventually("some containers are there", async () => (await names(world)).length >= 18, 60_000, 100);
    underWayThen = load.underWay();
    const killedAt = Date.now();
    await primary.kill();
    const next = await eventually("a replica is primary", async () => await leaderOf(world), 60_000, 50);
    takeOverMs = saidAt(readFileSync(next.logFile, "utf8"), "Cluster leadership acquired") - killedAt;
    runs = await load.ended;
  });
  after(async () => {
    await Promise.all(streams.map((session) => session.kill()));
    await disposeWorld();
  });

  it("is followed by a replica within the lease and two seconds", () => {
    expect(takeOverMs).to.be.within(0, leaseMs + 2000);
  });

  it("answers every client with success or with an error after which it may try again", () => {
    expect(underWayThen, "runs that were under way when it was killed").to.be.greaterThan(0);
    const strange = runs.filter(({ result }) => result.code !== 0 && !retryable.test(result.stderr));
    expect(strange.map(({ name, result }) => `${name}: ${result.stderr}`)).to.deep.equal([]);
    expect(runs.filter(({ result }) => result.code === 0)).to.not.be.empty;
  });

  it("has every container running that a client was told of, each name once", async () => {
    const found = await names(world);
    expect(found).to.have.lengthOf(new Set(found).size);
    expect(found).to.include.members(runs.filter(({ result }) => result.code === 0).map(({ name }) => name));
  });

  it("has given no name to two clients", () => {
    const given = runs.filter(({ result }) => result.code === 0).map(({ name }) => name);
    expect(given).to.have.lengthOf(new Set(given).size);
  });

  it("lets those who failed try again elsewhere", async () => {
    const [replica] = replicas;
    const [made, running] = [await names(world, "?all=1"), await names(world)];
    const failed = [...new Set(runs.map(({ name }) => name))].filter((name) => !running.includes(name));
    await Promise.all(
      failed.map((name) => (made.includes(name) ? startAtLast(replica!, name) : runAtLast(replica!, name))),
    );
    expect(await names(world)).to.include.members(runs.map(({ name }) => name));
  });

  it("lets attached clients attach again, through any manager that is left", async () => {
    await Promise.all(
      streams.map(async (_, index) => {
        const manager = replicas[index % replicas.length]!;
        await using session = Session.start(manager.url, ["attach", "--sig-proxy=false", streamName(index)]);
        await session.until("tick");
      }),
    );
  });

  it("comes back as a replica and passes requests on", async () => {
    await primary.start();
    await eventually("it lists what the others list", async () => {
      const [own, others] = [await listed(primary), await listed(replicas[0]!)];
      return own.length > 0 && own.join() === others.join();
    });
    const answer = (await primary.get("/cluster/leader")) as { readonly Role: string };
    expect(answer.Role).to.equal("replica");
  });
});

const streamName = (index: number): string => `stream-${String(index)}`;

/** Ten `docker run`s that stay attached, through all managers. */
async function attachedStreams({ managers }: World): Promise<readonly Session[]> {
  const sessions = Array.from({ length: 10 }, (_, index) => {
    const manager = managers[index % managers.length]!;
    const run = ["run", "--stop-signal", "KILL", "--name", streamName(index), "busybox", ...ticking];
    return Session.start(manager.url, run);
  });
  await Promise.all(sessions.map((session) => session.until("tick")));
  return sessions;
}

/** Fifty `docker run`s at once through all managers; ten of them want five names, two each. */
function fiftyRuns({ managers }: World): {
  readonly ended: Promise<readonly Run[]>;
  /** How many have begun and not ended. */
  readonly underWay: () => number;
} {
  const wanted = Array.from({ length: 50 }, (_, index) => `run-${String(index < 45 ? index : index - 5)}`);
  let underWay = 0;
  const ended = Promise.all(
    wanted.map(async (name, index) => {
      await sleep(index * 40);
      underWay += 1;
      try {
        return await runOnce(managers[index % managers.length]!, name);
      } finally {
        underWay -= 1;
      }
    }),
  );
  return { ended, underWay: () => underWay };
}

async function runOnce(manager: ChaosManager, name: string): Promise<Run> {
  const port = 20_000 + Number(name.split("-")[1]);
  const options = ["run", "-d", "--stop-signal", "KILL", "--name", name, "-p", `${String(port)}:80`];
  const result = await dockerCli(manager.url, [...options, "busybox", "sleep", "1000"], {
    timeoutMs: 60_000,
  });
  return { name, result };
}

/** Tries again as long as the answer says that one may. An attempt without an answer may have made the container. */
async function runAtLast(manager: ChaosManager, name: string): Promise<void> {
  await tryAgain(name, async (attempt) => {
    const { result } = await runOnce(manager, name);
    const madeBefore = attempt > 0 && result.stderr.includes("Conflict");
    return madeBefore ? await dockerCli(manager.url, ["start", name], { timeoutMs: 60_000 }) : result;
  });
}

/** What a client does whose container was made and not started. */
const startAtLast = (manager: ChaosManager, name: string): Promise<void> =>
  tryAgain(name, () => dockerCli(manager.url, ["start", name], { timeoutMs: 60_000 }));

async function tryAgain(name: string, once: (attempt: number) => Promise<CommandResult>): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const { code, stderr } = await once(attempt);
    if (code === 0) return;
    if (attempt === 4 || !retryable.test(stderr))
      throw new Error(`${name}, attempt ${attempt + 1}: ${stderr}`);
  }
}

/** The manager that says it is primary. */
async function leaderOf({ managers }: World): Promise<ChaosManager | undefined> {
  for (const manager of managers) {
    if (!manager.isRunning) continue;
    const answer = (await manager.get("/cluster/leader", 1000)) as { readonly Role: string } | undefined;
    if (answer?.Role === "primary") return manager;
  }
  return undefined;
}

/** The names of all running containers, or with `?all=1` of all, asked from the engines. */
async function names({ lab }: World, query = ""): Promise<readonly string[]> {
  const lists = await Promise.all(lab.engines.map((engine) => engine.api("GET", `/containers/json${query}`)));
  return lists.flatMap(({ body }) =>
    (JSON.parse(body) as { readonly Names: readonly string[] }[]).map(({ Names }) => Names[0]!.slice(1)),
  );
}

async function listed(manager: ChaosManager): Promise<readonly string[]> {
  const list = (await manager.get("/containers/json")) as readonly { readonly Id: string }[] | undefined;
  return (list ?? []).map(({ Id }) => Id).sort();
}
