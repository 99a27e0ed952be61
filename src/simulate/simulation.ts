import { startSimulatedEngine, type SimulatedEngine } from "../../bench/fleet/index.ts";
import { loopbackAddress } from "../../bench/fleet-process/loopback.ts";
import { stableId } from "../../bench/fleet/ids.ts";
import { errorText } from "../errors.ts";
import type { SimulationPlan } from "./planned-nodes.ts";

/** What has been done to a simulated node. */
export type NodeCondition = "up" | "failed" | "frozen";

/** A simulated node as `list` shows it. */
export interface NodeReport {
  readonly name: string;
  readonly addr: string;
  readonly condition: NodeCondition;
  readonly containers: number;
}

export interface SimulationSettings {
  /** Every engine listens there, on a loopback address of its own; 0: on free ports of one address. */
  readonly port: number;
  /** Told how many engines stand. */
  readonly onProgress?: (standing: number) => void;
  /** Aborted: no more engines begin. */
  readonly signal?: AbortSignal;
}

interface Member {
  readonly engine: SimulatedEngine;
  condition: NodeCondition;
}

/** No node has this name. */
export class NoSuchNodeError extends Error {
  constructor(name: string) {
    super(`No such node: ${name}`);
    this.name = new.target.name;
  }
}

/** How many engines begin at once: between two lots others have their turn. */
const LOT = 25;

/** The engines of a simulation, and what can be done to them. Whoever starts it disposes of it. */
export class Simulation implements AsyncDisposable {
  readonly #members: ReadonlyMap<string, Member>;

  private constructor(engines: readonly SimulatedEngine[]) {
    this.#members = new Map(engines.map((engine) => [engine.name, { engine, condition: "up" }]));
  }

  /**
   * All engines of the plan, listening; fewer when the signal aborts.
   * @throws {Error} naming the address or the node that cannot be; nothing is left standing then
   */
  static async start({ nodes, networks }: SimulationPlan, settings: SimulationSettings): Promise<Simulation> {
    const { port, onProgress, signal } = settings;
    const engines: SimulatedEngine[] = [];
    try {
      for (let at = 0; at < nodes.length && signal?.aborted !== true; at += LOT) {
        const begun = await Promise.allSettled(
          nodes.slice(at, at + LOT).map(async ({ engine }, offset) => {
            const host = port === 0 ? "127.0.0.1" : loopbackAddress(at + offset);
            try {
              return await startSimulatedEngine({ ...engine, host, port });
            } catch (error) {
              throw new Error(reason(error, engine.name, host, port), { cause: error });
            }
          }),
        );
        for (const each of begun) if (each.status === "fulfilled") engines.push(each.value);
        const failed = begun.find((each) => each.status === "rejected");
        if (failed) throw failed.reason;
        onProgress?.(engines.length);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      await Promise.all(engines.map((engine) => engine.dispose()));
      throw error;
    }
    for (const name of networks) addNetwork(engines, name);
    return new Simulation(engines);
  }

  /** `127.1.0.1:2375`, one for each engine. */
  get addresses(): readonly string[] {
    return [...this.#members.values()].map(({ engine }) => engine.addr);
  }

  list(): readonly NodeReport[] {
    return [...this.#members.values()].map(({ engine, condition }) => {
      return { name: engine.name, addr: engine.addr, condition, containers: engine.containers.size };
    });
  }

  /**
   * `failed`: nobody answers at its address any more; `frozen`: connections are taken and nothing is answered; `up`: it answers again. Its
   * containers stay what they are.
   * @throws NoSuchNodeError, or {Error} when its address is taken meanwhile
   */
  async set(name: string, condition: NodeCondition): Promise<NodeReport> {
    const member = this.#members.get(name);
    if (member === undefined) throw new NoSuchNodeError(name);
    const { engine } = member;
    if (condition === "failed") await engine.hangUp();
    else if (member.condition === "failed") await engine.revive();
    if (condition === "frozen") engine.suspend();
    else engine.resume();
    member.condition = condition;
    return { name, addr: engine.addr, condition, containers: engine.containers.size };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#members.values()].map(({ engine }) => engine.dispose()));
  }
}

/** One network over all engines, as an overlay is. */
function addNetwork(engines: readonly SimulatedEngine[], name: string): void {
  const id = stableId(`simulated network ${name}`);
  const traits = { driver: "overlay", scope: "global", internal: false, attachable: true };
  const ipam = { Driver: "default", Options: null, Config: [] };
  const network = { ...traits, id, name, createdMs: Date.now(), labels: {}, options: {}, ipam };
  for (const { state } of engines) state.networks.set(id, network);
}

function reason(error: unknown, name: string, host: string, port: number): string {
  const listen = `listen tcp ${host}:${port}`;
  switch ((error as NodeJS.ErrnoException).code) {
    case "EADDRINUSE":
      return `${listen}: address already in use, wanted by ${name}. Does another simulation run? Choose another port with --engine-port`;
    case "EADDRNOTAVAIL":
      return `${listen}: this system has no such address. With --engine-port 0 all engines share 127.0.0.1`;
    case "EACCES":
      return `${listen}: permission denied. Choose another port with --engine-port`;
    case "EMFILE":
    case "ENFILE":
      return `too many open files: raise the limit (ulimit -n), or simulate fewer engines`;
    case undefined:
    default:
      return `${name}: ${errorText(error)}`;
  }
}
