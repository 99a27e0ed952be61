import { faultKinds } from "./faults.ts";
import type { Fault, FaultFamily, FaultKind } from "./faults.ts";
import type { SeededRandom } from "./random.ts";

/** Where managers keep what they share. `etcd`: one server; `etcd-cluster`: three; `state-dir`: no store, one manager. */
export const worldModes = ["etcd", "etcd-cluster", "state-dir"] as const;
export type WorldMode = (typeof worldModes)[number];

/** What a world is made of. */
export interface WorldPlan {
  readonly mode: WorldMode;
  readonly engines: readonly string[];
  readonly managers: readonly string[];
  /** Servers of the store; none with a state directory. */
  readonly stores: readonly string[];
  /** Engines are listed by agents in their hosts, whose entries expire; else by entries that stay. */
  readonly agents: boolean;
  /** Managers run with a clock that can jump. */
  readonly clocks: boolean;
}

/** Some time with faults. Everything is undone at its end. */
export interface PhasePlan {
  readonly faults: readonly Fault[];
  readonly lengthMs: number;
}

export interface PlanLimits {
  readonly mode?: WorldMode | undefined;
  /** Only these kinds of faults. */
  readonly kinds?: readonly FaultKind[] | undefined;
  /** How long a phase lasts, milliseconds: between the two. */
  readonly lengthMs?: readonly [number, number];
}

const names = (what: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${what}-${String(index + 1)}`);

export function planWorld(random: SeededRandom, { mode, kinds }: PlanLimits = {}): WorldPlan {
  const chosen = random.pick(worldModes);
  const [engines, managers] = [random.integer(3, 4), random.integer(2, 3)];
  const [agents, clocks] = [random.chance(0.5), random.chance(0.5)];
  const own = mode ?? chosen;
  return {
    mode: own,
    engines: names("node", engines),
    managers: names("manager", own === "state-dir" ? 1 : managers),
    stores: names("etcd", own === "state-dir" ? 0 : own === "etcd" ? 1 : 3),
    agents: agents && own !== "state-dir",
    clocks: clocks || kinds?.includes("manager-clock") === true,
  };
}

/**
 * One to three faults, at once or one after the other. At least one engine is left alone, because containers have to go somewhere, and nobody has two
 * faults at a time: undoing one would undo half of the other. None where none of the kinds asked for is possible.
 */
export function planPhase(random: SeededRandom, world: WorldPlan, limits: PlanLimits = {}): PhasePlan {
  const [shortest, longest] = limits.lengthMs ?? [20_000, 40_000];
  const lengthMs = random.integer(shortest, longest);
  const wanted = random.integer(1, 3);
  const together = random.chance(0.5);
  const firstMs = random.integer(1000, 3000);
  const busy = new Set<string>();
  const faults: Fault[] = [];
  const kinds = possibleKinds(world, limits.kinds);
  for (let tries = 0; kinds.length > 0 && faults.length < wanted && tries < 20; tries++) {
    const kind = random.pick(kinds);
    const atMs = together ? firstMs : random.integer(1000, Math.floor(lengthMs / 2));
    const fault = planFault(random, world, { kind, atMs, untilMs: lengthMs });
    const hit = [fault.target, ...(fault.peer === undefined ? [] : [fault.peer])];
    if (hit.some((name) => busy.has(name))) continue;
    const enginesHit = world.engines.filter((name) => busy.has(name) || hit.includes(name));
    if (enginesHit.length >= world.engines.length) continue;
    for (const name of hit) busy.add(name);
    if (fault.kind === "store-down") for (const name of world.stores) busy.add(name);
    faults.push(fault);
  }
  return { faults: faults.sort((a, b) => a.atMs - b.atMs), lengthMs };
}

function possibleKinds(world: WorldPlan, only: readonly FaultKind[] | undefined): readonly FaultKind[] {
  const absent = new Set<FaultFamily>();
  if (world.stores.length === 0) absent.add("store");
  if (world.mode !== "state-dir") absent.add("state");
  if (!world.clocks) absent.add("clock");
  return (Object.keys(faultKinds) as FaultKind[]).filter(
    (kind) => !absent.has(faultKinds[kind].family) && (only === undefined || only.includes(kind)),
  );
}

interface Wanted {
  readonly kind: FaultKind;
  readonly atMs: number;
  /** The end of the phase. */
  readonly untilMs: number;
}

function planFault(random: SeededRandom, world: WorldPlan, { kind, atMs, untilMs }: Wanted): Fault {
  const { family } = faultKinds[kind];
  const lastsMs = Math.min(random.integer(3000, 25_000), untilMs - atMs);
  const common = { kind, atMs, lastsMs };
  switch (family) {
    case "engine":
      return { ...common, target: random.pick(world.engines) };
    case "link":
      return { ...common, target: random.pick(world.managers), peer: random.pick(world.engines) };
    case "manager":
    case "state":
      return { ...common, target: random.pick(world.managers) };
    case "clock": {
      const jump = random.pick([-3600, -90, -10, 10, 90, 3600]);
      return { ...common, target: random.pick(world.managers), amount: jump };
    }
    case "store": {
      if (kind === "store-slow")
        return { ...common, target: random.pick(world.managers), amount: random.integer(100, 2500) };
      const one = kind === "store-kill" || kind === "store-restart" || kind === "store-freeze";
      return { ...common, target: random.pick(one || kind === "store-down" ? world.stores : world.managers) };
    }
  }
}
