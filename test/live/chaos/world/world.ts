import { writeFileSync } from "node:fs";
import path from "node:path";
import type { LabEngine } from "../../../lab/engine.ts";
import { eventually } from "../../../lab/eventually.ts";
import { Lab } from "../../../lab/lab.ts";
import type { WorldPlan } from "../plan/timeline.ts";
import { Audit } from "./audit.ts";
import { ChaosManager } from "./chaos-manager.ts";
import { shiftClock, shiftedClock } from "./clock.ts";
import { addHost } from "./host.ts";
import type { PlainHost } from "./host.ts";
import { bundleProgram } from "./program.ts";
import type { StoreLink } from "./store-link.ts";
import { StoreSide } from "./store-side.ts";

/** `--replication-ttl` of the managers. */
export const leaseMs = 4000;

/** Managers that look often and try again soon, so that a phase need not last minutes. */
const watchfulFlags = [
  ...[
    "--engine-refresh-min-interval",
    "1s",
    "--engine-refresh-max-interval",
    "2s",
    "--engine-failure-retry",
    "2",
  ],
  ...["--heartbeat", "2s", "--cluster-opt", "swarm.reschedule-retry-max=5s"],
];

export interface WorldOptions {
  readonly log: (line: string) => void;
  /** libfaketime; absent: the managers' clocks are the machine's. */
  readonly clockLibrary?: string | undefined;
}

/** Real engines, managers on machines of their own, and what they keep their state in. */
export class World implements AsyncDisposable {
  readonly plan: WorldPlan;
  readonly lab: Lab;
  readonly managers: readonly ChaosManager[];
  readonly store: StoreSide | undefined;
  readonly audit: Audit;
  readonly #links: ReadonlyMap<string, readonly StoreLink[]>;
  readonly #program: readonly string[];
  /** What agents are told; undefined: there are none. */
  readonly #agents: string | undefined;
  readonly #agentPids = new Map<string, number>();

  private constructor(parts: WorldParts) {
    this.plan = parts.plan;
    this.lab = parts.lab;
    this.managers = parts.managers;
    this.store = parts.store;
    this.audit = parts.audit;
    this.#links = parts.links;
    this.#program = parts.program;
    this.#agents = parts.agents;
  }

  /** Starts everything and waits until every manager has all engines. Leaves nothing behind when that fails. */
  static async create(plan: WorldPlan, options: WorldOptions): Promise<World> {
    const engines = plan.engines.map((name) => ({ name }));
    const lab = await Lab.create({ engines, log: options.log, exitOnSignals: false });
    try {
      const world = await assemble(lab, plan, options);
      await Promise.all(world.lab.engines.map((engine) => world.startAgent(engine)));
      await Promise.all(world.managers.map((manager) => manager.start()));
      await world.untilWhole();
      return world;
    } catch (error) {
      await lab.dispose();
      throw error;
    }
  }

  /** @internal */
  static of(parts: WorldParts): World {
    return new World(parts);
  }

  manager(name: string): ChaosManager {
    const found = this.managers.find((manager) => manager.name === name);
    if (found === undefined) throw new Error(`no manager ${name}`);
    return found;
  }

  /** The ways of one manager to the store. */
  linksOf(manager: string): readonly StoreLink[] {
    return this.#links.get(manager) ?? [];
  }

  /** Starts the agent of an engine's host unless it runs; agents die with their host. */
  async startAgent(engine: LabEngine): Promise<void> {
    if (this.#agents === undefined) return;
    const pid = this.#agentPids.get(engine.name);
    if (pid !== undefined && engine.host.cgroup.members.includes(pid)) return;
    const flags = ["--advertise", engine.addr, "--heartbeat", "2s", "--ttl", "10s"];
    const command = [...this.#program, "join", ...flags, this.#agents];
    this.#agentPids.set(engine.name, await engine.host.launch(command, "agent.log"));
  }

  /** Waits until a primary leads and every manager shows every engine as healthy. */
  async untilWhole(timeoutMs = 40_000): Promise<void> {
    for (const manager of this.managers) {
      await eventually(`${manager.name} shows all engines`, () => this.isWhole(manager), timeoutMs, 200);
    }
  }

  async isWhole(manager: ChaosManager): Promise<boolean> {
    const info = (await manager.get("/info")) as { SystemStatus?: [string, string][] } | undefined;
    const healthy = info?.SystemStatus?.filter(
      ([key, value]) => key.endsWith("└ Status") && value === "Healthy",
    );
    return healthy?.length === this.lab.engines.length && (await manager.answers("/version"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([this.audit[Symbol.asyncDispose](), this.store?.[Symbol.asyncDispose]()]);
    await this.lab.dispose();
  }
}

interface WorldParts {
  readonly plan: WorldPlan;
  readonly lab: Lab;
  readonly managers: readonly ChaosManager[];
  readonly store: StoreSide | undefined;
  readonly audit: Audit;
  readonly links: ReadonlyMap<string, readonly StoreLink[]>;
  readonly program: readonly string[];
  readonly agents: string | undefined;
}

async function assemble(lab: Lab, plan: WorldPlan, { clockLibrary }: WorldOptions): Promise<World> {
  const program = await bundleProgram(lab);
  const store = plan.stores.length === 0 ? undefined : await StoreSide.start(lab, plan.stores);
  const links = new Map<string, readonly StoreLink[]>();
  const hosts = await Promise.all(plan.managers.map((name, index) => addHost(lab, name, index)));
  const listing = store === undefined ? fileListing(lab) : undefined;
  const managers: ChaosManager[] = [];
  for (const [index, name] of plan.managers.entries()) {
    const own = (await store?.links()) ?? [];
    links.set(name, own);
    const host = hosts[index]!;
    const discovery = store?.discovery(own) ?? listing!;
    const flags = store === undefined ? await stateFlags(host) : replicationFlags(host);
    managers.push(
      new ChaosManager({
        name,
        ...host,
        program,
        flags: [...watchfulFlags, ...flags, discovery],
        ...(plan.clocks ? clockOf(host, clockLibrary) : {}),
      }),
    );
  }
  const agents = store !== undefined && plan.agents ? store.discovery(await store.links()) : undefined;
  if (store !== undefined && agents === undefined) {
    for (const { addr } of lab.engines) await store.list(addr);
  }
  const audit = await Audit.start(lab, new Map(managers.map(({ ip, name }) => [ip, name])));
  return World.of({ plan, lab, managers, store, audit, links, program, agents });
}

function replicationFlags({ ip }: PlainHost): readonly string[] {
  return [
    "--replication",
    "--replication-ttl",
    `${String(leaseMs)}ms`,
    "--advertise",
    ChaosManager.addressOf(ip),
  ];
}

/** A disk of two megabytes for the state, which can be filled; it goes with the host. */
async function stateFlags({ host }: PlainHost): Promise<readonly string[]> {
  const disk = diskOf(host.folder);
  await host.exec("mkdir", "-p", disk);
  await host.exec("mount", "-t", "tmpfs", "-o", "size=2m", "none", disk);
  return ["--state-dir", path.join(disk, "state")];
}

/** Where the state directory's disk is mounted, inside the manager's host. */
export function diskOf(folder: string): string {
  return path.join(folder, "disk");
}

function fileListing(lab: Lab): string {
  const file = path.join(lab.folder, "nodes");
  writeFileSync(file, lab.engines.map(({ addr }) => `${addr}\n`).join(""));
  return `file://${file}`;
}

function clockOf(
  { host }: PlainHost,
  library: string | undefined,
): { env?: Record<string, string>; clockFile?: string } {
  if (library === undefined) return {};
  const clockFile = path.join(host.folder, "clock");
  shiftClock(clockFile, 0);
  return { env: shiftedClock(library, clockFile), clockFile };
}
