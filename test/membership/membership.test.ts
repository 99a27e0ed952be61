import { expect } from "chai";
import { pino } from "pino";
import { parseAddress } from "../../discovery/address.ts";
import type { DiscoveryUpdate } from "../../discovery/types.ts";
import { Membership } from "../../src/membership/membership.ts";

type Line = { readonly level: number; readonly msg: string } & Readonly<Record<string, unknown>>;

/** A membership whose source says what it is told, with a clock of its own and engines that all answer until they do not. */
function bench({ isKeptAlive = true } = {}) {
  const lines: Line[] = [];
  const sets: string[] = [];
  const dead = new Set<string>();
  const tasks = new Set<() => void>();
  let nowMs = 5000;
  const updates: DiscoveryUpdate[] = [];
  let wake: () => void = () => undefined;
  const end = new AbortController();
  const membership = new Membership({
    discovery: {
      description: "etcd://s:1/p",
      isKeptAlive,
      async *watch(signal) {
        for (;;) {
          yield* updates.splice(0);
          if (signal.aborted) return;
          await new Promise<void>((resolve) => (wake = resolve));
        }
      },
    },
    cluster: {
      setEntries: (entries) => void sets.push(entries.map(({ host }) => host).join("") || "-"),
      engineAt: (addr) => ({ isHealthy: !dead.has(addr) }),
    },
    log: pino(
      { level: "debug", base: null },
      { write: (line: string) => void lines.push(JSON.parse(line) as Line) },
    ),
    heartbeatMs: 60_000,
    clock: {
      nowMs: () => nowMs,
      date: () => new Date(Date.UTC(2026, 0, 2, 3, 4, 0) + nowMs),
      every(ms, task) {
        expect(ms).to.equal(500);
        tasks.add(task);
        return () => tasks.delete(task);
      },
    },
  });
  const running = membership.run(end.signal);
  const say = async (update: DiscoveryUpdate) => {
    updates.push(update);
    wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    membership,
    sets,
    dead,
    tasks,
    lists: (hosts: string, warnings: readonly string[] = []) =>
      say({
        kind: "entries",
        addresses: hosts.split("").map((host) => parseAddress(`${host}:1`)),
        warnings,
      }),
    fails: (text: string) => say({ kind: "error", error: new Error(text) }),
    /** Lets time pass; what looks again and again looks once. */
    pass(ms: number) {
      nowMs += ms;
      for (const task of tasks) task();
    },
    /** What was logged from `level` on, 30 being info. */
    logged: (level = 30) => lines.filter((line) => line.level >= level),
    async stop() {
      end.abort();
      wake();
      await running;
    },
  };
}

describe("membership/membership", () => {
  it("hands each set to the cluster, and says at level debug how large it is", async () => {
    const world = bench();
    await world.lists("ab");
    await world.lists("abc");
    expect(world.sets).to.deep.equal(["ab", "abc"]);
    expect(world.logged(20).map(({ msg, discovery }) => [msg, discovery])).to.deep.equal([
      ["Watch triggered with 2 nodes", "etcd://s:1/p"],
      ["Watch triggered with 3 nodes", "etcd://s:1/p"],
    ]);
    expect([world.membership.warnings, world.tasks.size]).to.deep.equal([[], 0]);
    await world.stop();
  });

  it("keeps the set while the source fails, and says so until it answers", async () => {
    const world = bench();
    await world.lists("ab");
    await world.fails("no leader");
    world.pass(10_000);
    await world.fails("connection refused");
    expect(world.sets).to.deep.equal(["ab"]);
    expect(world.membership.warnings).to.deep.equal([
      "discovery etcd://s:1/p has not answered since 2026-01-02T03:04:05Z: connection refused; the last 2 nodes stay",
    ]);
    await world.lists("ab");
    expect(world.membership.warnings).to.deep.equal([]);
    expect(world.logged().map(({ level, msg }) => [level, msg])).to.deep.equal([
      [50, "Discovery error: no leader"],
      [50, "Discovery error: connection refused"],
      [30, "discovery answers again"],
    ]);
    await world.stop();
  });

  it("logs one failure once a heartbeat, however often it comes and goes", async () => {
    const world = bench();
    for (let i = 0; i < 5; i++) {
      await world.fails("flapping");
      await world.lists("a");
    }
    expect(world.logged().map(({ msg }) => msg)).to.deep.equal([
      "Discovery error: flapping",
      "discovery answers again",
    ]);
    world.pass(60_000);
    await world.fails("flapping");
    expect(world.logged(50)).to.have.length(2);
    await world.stop();
  });

  it("logs what came with a set, and the same only when it comes anew", async () => {
    const world = bench();
    await world.lists("a", ["x is no engine"]);
    await world.lists("ab", ["x is no engine", "y is no engine"]);
    await world.lists("ab");
    await world.lists("abc", ["x is no engine"]);
    expect(world.logged(40).map(({ msg }) => msg)).to.deep.equal([
      "x is no engine",
      "y is no engine",
      "x is no engine",
    ]);
    await world.stop();
  });

  it("holds nodes that vanished with the source, says so once, and looks at them again and again", async () => {
    const world = bench();
    await world.lists("abc");
    await world.fails("down");
    await world.lists("a");
    expect(world.sets).to.deep.equal(["abc", "abc"]);
    expect(world.membership.warnings).to.deep.equal([
      "discovery etcd://s:1/p no longer lists b:1, c:1: kept until 2026-01-02T03:07:05Z, for the engines answer",
    ]);
    world.dead.add("b:1");
    world.pass(1000);
    expect(world.sets.slice(2)).to.deep.equal(["ac"]);
    await world.lists("a");
    world.pass(178_999);
    expect([world.sets.at(-1), world.tasks.size]).to.deep.equal(["ac", 1]);
    world.pass(1);
    expect([world.sets.at(-1), world.tasks.size]).to.deep.equal(["a", 0]);
    expect(world.membership.warnings).to.deep.equal([]);
    const warned = world.logged(40).filter(({ level }) => level === 40);
    expect(warned.map(({ msg, nodes, until }) => [msg, nodes, until])).to.deep.equal([
      [
        "nodes that discovery no longer lists are kept, for their engines answer",
        ["b:1", "c:1"],
        "2026-01-02T03:07:05Z",
      ],
    ]);
    await world.stop();
  });

  it("lets a single one go after three seconds, without a warning", async () => {
    const world = bench();
    await world.lists("abc");
    await world.lists("ab");
    expect(world.membership.warnings).to.deep.equal([]);
    world.pass(2999);
    expect(world.sets.at(-1)).to.equal("abc");
    world.pass(1);
    expect(world.sets.at(-1)).to.equal("ab");
    expect(world.logged(40)).to.deep.equal([]);
    await world.stop();
  });

  it("names ten held nodes and counts the rest", async () => {
    const world = bench();
    await world.lists("abcdefghijklm");
    await world.lists("");
    expect(world.membership.warnings[0]).to.include("i:1, j:1 and 3 more: kept");
    await world.stop();
  });

  it("promises no time while the source fails again", async () => {
    const world = bench();
    await world.lists("ab");
    await world.lists("");
    await world.fails("down");
    expect(world.membership.warnings[1]).to.equal(
      "discovery etcd://s:1/p no longer lists a:1, b:1: kept for now, for the engines answer",
    );
    await world.stop();
  });

  it("holds nothing that people took away", async () => {
    const world = bench({ isKeptAlive: false });
    await world.lists("abc");
    await world.fails("no such file");
    await world.lists("");
    expect([world.sets, world.membership.warnings]).to.deep.equal([["abc", "-"], []]);
    await world.stop();
  });

  it("leaves no timer behind", async () => {
    const world = bench();
    await world.lists("abc");
    await world.lists("");
    expect(world.tasks.size).to.equal(1);
    await world.stop();
    expect(world.tasks.size).to.equal(0);
  });
});
