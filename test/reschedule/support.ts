import { randomUUID } from "node:crypto";
import type { SimulatedEngine } from "../../bench/fleet/index.ts";
import { WANTED_FOLDER } from "../../src/reschedule/wanted/book.ts";
import type { Snapshot } from "../../src/store/backend.ts";
import { ManagedStore } from "../../src/store/managed-store.ts";
import { MemoryBackend } from "../../src/store/memory.ts";
import { Tree } from "../../src/store/tree.ts";
import { startManager, until, type ManagerOptions, type TestManager } from "../api/support.ts";

/** Labels of a container that asks to be rescheduled. */
export const movable = { "com.docker.swarm.reschedule-policies": '["on-node-failure"]' } as const;

/** What an inspect through the manager shows, as far as these tests look. */
export interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Node: { readonly Name: string };
  readonly State: { readonly Running: boolean; readonly Status: string };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
}

/** A row of `GET /cluster/reschedules`. */
export interface Row {
  readonly Name: string;
  readonly State: string;
  readonly Attempts: number;
  readonly LastError: string;
  readonly NextTry: string | null;
}

/** A manager that finds faults within a second. */
export function startWatchful(options: ManagerOptions = {}): Promise<TestManager> {
  const engine = { refreshMinMs: 150, refreshMaxMs: 250, failureRetry: 2 };
  return startManager({ ...options, config: { engine, ...options.config } });
}

/** Stores that outlive their manager: each opens the same entries anew. @param gate until then the wanted containers cannot be read */
export function lastingState(): (gate?: Promise<void>) => NonNullable<ManagerOptions["state"]> {
  const tree = new Tree(randomUUID());
  return (gate) => {
    const backend = gate === undefined ? new MemoryBackend(tree) : new GatedBackend(tree, gate);
    return { store: new ManagedStore(backend, { name: "memory://" }), shared: false };
  };
}

class GatedBackend extends MemoryBackend {
  readonly #gate: Promise<void>;

  constructor(tree: Tree, gate: Promise<void>) {
    super(tree);
    this.#gate = gate;
  }

  override async next(...[target, ...rest]: Parameters<MemoryBackend["next"]>): Promise<Snapshot> {
    if ("folder" in target && target.folder === WANTED_FOLDER) await this.#gate;
    return super.next(target, ...rest);
  }
}

/** Makes a manager that has no engines of its own look after these, and waits until so many are healthy. */
export async function giveEngines(
  manager: TestManager,
  engines: readonly SimulatedEngine[],
  healthy = engines.length,
): Promise<void> {
  manager.setEngines(engines);
  await until(
    async () => (await statuses(manager)).filter((status) => status === "Healthy").length === healthy,
  );
}

async function statuses(manager: TestManager): Promise<readonly string[]> {
  const { SystemStatus } = (await manager.ask("GET", "/info")).json() as { SystemStatus: [string, string][] };
  return SystemStatus.filter(([key]) => key.trim() === "└ Status").map(([, value]) => value);
}

/** Waits until the manager shows so many nodes with this status. */
export async function untilStatus(manager: TestManager, status: string, count: number): Promise<void> {
  await until(
    async () => (await statuses(manager)).filter((each) => each === status).length === count,
    `${count} nodes are ${status}`,
  );
}

export async function inspect(manager: TestManager, reference: string): Promise<Inspected | undefined> {
  const answer = await manager.ask("GET", `/containers/${reference}/json`);
  return answer.status === 200 ? (answer.json() as Inspected) : undefined;
}

/** Waits until a container runs on another node than this one. */
export async function movedFrom(
  manager: TestManager,
  reference: string,
  engine: SimulatedEngine,
): Promise<Inspected> {
  let now: Inspected | undefined;
  await until(async () => {
    now = await inspect(manager, reference);
    return now?.State.Running === true && now.Node.Name !== engine.name;
  }, `${reference} runs on another node than ${engine.name}`);
  return now!;
}

/** The container of this name as the engine itself has it. */
export const copyOn = (engine: SimulatedEngine, name: string) =>
  [...engine.containers.values()].find((container) => container.name === name);

/** The names of all containers as a list shows them: `node/name`. */
export async function listed(manager: TestManager): Promise<readonly string[]> {
  const containers = (await manager.ask("GET", "/containers/json?all=1")).json() as { Names: string[] }[];
  return containers.map(({ Names: [name = ""] }) => name.slice(1)).sort();
}

export async function pending(manager: TestManager): Promise<readonly Row[]> {
  return (await manager.ask("GET", "/cluster/reschedules")).json() as Row[];
}

/** Waits for the row of a container that satisfies the test. */
export async function pendingRow(
  manager: TestManager,
  name: string,
  holds: (row: Row) => boolean,
): Promise<Row> {
  let row: Row | undefined;
  await until(async () => {
    row = (await pending(manager)).find((each) => each.Name === name);
    return row !== undefined && holds(row);
  }, `a fitting row for ${name}`);
  return row!;
}

/** The manager's own events about containers so far: `action name`. */
export async function swarmEvents(manager: TestManager): Promise<readonly string[]> {
  const period = `since=0&until=${(Date.now() / 1_000).toFixed(3)}`;
  const { text } = await manager.ask(
    "GET",
    `/events?${period}&filters=${encodeURIComponent('{"type":["swarm"]}')}`,
  );
  return text
    .split("\n")
    .filter((line) => line.includes("resched") || line.includes("duplicate"))
    .map((line) => JSON.parse(line) as { Action: string; Actor: { Attributes: { name: string } } })
    .map(({ Action, Actor }) => `${Action} ${Actor.Attributes.name}`);
}
