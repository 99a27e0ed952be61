import type { Cluster } from "../../../src/cluster/cluster.ts";
import { containerRecord, type ContainerRecord } from "../../../src/cluster/container-record.ts";
import type { Engine } from "../../../src/cluster/engine.ts";
import { EngineResponseError, EngineUnreachableError } from "../../../src/docker/engine-client.ts";
import type {
  ContainerInspect,
  EngineEvent,
  HostConfig,
  NetworkSummary,
  Unknown,
} from "../../../src/docker/types.ts";
import { id } from "./builders.ts";
import { inspect } from "./inspect.ts";

export const POLICY = { "com.docker.swarm.reschedule-policies": '["on-node-failure"]' };

interface Given {
  readonly labels?: Record<string, string>;
  readonly host?: HostConfig;
  readonly networks?: Readonly<Record<string, Unknown>>;
  readonly running?: boolean;
  readonly name?: string;
}

/** An engine as the recorder sees it: an inventory, events, and answers to what it is asked. */
export class FakeEngine {
  readonly engineId: string;
  readonly id: string;
  readonly addr: string;
  readonly cpus = 2;
  isHealthy = true;
  readonly client: { inspectContainer: (containerId: string) => Promise<ContainerInspect> };
  readonly cache: unknown;
  readonly containers = new Map<string, ContainerRecord>();
  readonly #inspects = new Map<string, ContainerInspect>();
  /** What was asked of it. */
  readonly asked: string[] = [];
  /** As listed last. */
  networks: NetworkSummary[] = [];
  #nextNetworks = this.networks;
  readonly name: string;

  constructor(name = "node-1") {
    this.name = name;
    this.engineId = `ID-${name}`;
    this.addr = `${name}:2375`;
    this.id = `${this.engineId}|${this.addr}`;
    this.start("1");
    this.networks = this.#nextNetworks;
    this.client = { inspectContainer: (containerId) => this.#inspect(containerId) };
    const answer = (): Promise<void> => (this.isHealthy ? Promise.resolve() : Promise.reject(gone()));
    const refreshNetworks = async (): Promise<void> => {
      await answer();
      this.networks = this.#nextNetworks;
    };
    const inventory = Object.defineProperty({ containers: this.containers, version: NaN }, "networks", {
      get: () => this.networks,
    });
    this.cache = { inventory, refreshNetworks, refreshContainer: answer };
  }

  get engine(): Engine {
    return this as unknown as Engine;
  }

  /** Its default network is made anew at each start; shows when networks are listed next. */
  start(mark: string): void {
    const bridge = { Id: mark, Name: "bridge", Scope: "local", Driver: "bridge" };
    this.#nextNetworks = [bridge, ...this.networks.filter(({ Name }) => Name !== "bridge")];
  }

  /** A container is as given from now on. */
  has(
    containerId: string,
    { labels = POLICY, host = {}, networks = {}, running = true, name = "web" }: Given = {},
  ): ContainerRecord {
    const shown = {
      ...inspect({ containerId, config: { Labels: labels }, host, networks, running }),
      Name: `/${name}`,
    };
    const summary = {
      ...{
        Id: containerId,
        Names: [`/${name}`],
        Image: "busybox",
        ImageID: "",
        Command: "",
        Created: 0,
        Ports: [],
      },
      ...{ Labels: labels, State: shown.State.Status, Status: "", NetworkSettings: { Networks: networks } },
    };
    const record = containerRecord(this.engine, summary, shown, {
      engineCpus: 2,
      countMemoryReservation: false,
    });
    this.#inspects.set(containerId, shown);
    this.containers.set(containerId, record);
    return record;
  }

  /** It has no such container any more. */
  lacks(containerId: string): void {
    this.#inspects.delete(containerId);
    this.containers.delete(containerId);
  }

  /** As the list shows nothing of it, though the engine has it. */
  hides(containerId: string): void {
    this.containers.delete(containerId);
  }

  async #inspect(containerId: string): Promise<ContainerInspect> {
    this.asked.push(containerId);
    await Promise.resolve();
    if (!this.isHealthy) throw gone();
    const shown = this.#inspects.get(containerId);
    if (shown === undefined) throw new EngineResponseError(404, "No such container");
    return shown;
  }
}

const gone = (): EngineUnreachableError => new EngineUnreachableError("gone", "ECONNREFUSED");

export function event(
  action: string,
  containerId = id("1"),
  attributes: Record<string, string> = {},
): EngineEvent {
  return { Type: "container", Action: action, Actor: { ID: containerId, Attributes: attributes } };
}

export const networkEvent = (action: string, container = id("1")): EngineEvent => ({
  Type: "network",
  Action: action,
  Actor: { ID: "n", Attributes: { container } },
});

const recordsOf = (engines: readonly FakeEngine[]): readonly ContainerRecord[] =>
  engines.flatMap(({ containers }) => [...containers.values()]);

export const clusterOf = (...engines: readonly FakeEngine[]): Cluster =>
  ({
    healthy: () => engines.filter(({ isHealthy }) => isHealthy).map(({ engine }) => engine),
    members: () => engines.map(({ engine }) => engine),
    containers: {
      byId: (containerId: string) => recordsOf(engines).find(({ id }) => id === containerId),
      named: (name: string) => new Set(recordsOf(engines).filter(({ names }) => names.includes(name))),
      withSwarmId: (swarmId: string) =>
        new Set(recordsOf(engines).filter((record) => record.swarmId === swarmId)),
    },
  }) as unknown as Cluster;
