import { pino } from "pino";
import type { SimulatedEngine } from "../../../bench/fleet/index.ts";
import { ClientPulls } from "../../../src/api/client-pulls.ts";
import { recreate } from "../../../src/api/containers/recreate.ts";
import { ImageCopies } from "../../../src/api/images/copy.ts";
import type { Services } from "../../../src/api/services.ts";
import { SWARM_ID_LABEL, type ContainerRecord } from "../../../src/cluster/container-record.ts";
import type { Engine } from "../../../src/cluster/engine.ts";
import { NewestIds } from "../../../src/cluster/newest-ids.ts";
import type { ContainerCreateBody } from "../../../src/docker/types.ts";
import type { Attempt } from "../../../src/reschedule/moves/attempt.ts";
import { CopyRemover } from "../../../src/reschedule/moves/copy-remover.ts";
import { Mover, type MoverDependencies } from "../../../src/reschedule/moves/mover.ts";
import type { Recreate, RescheduleEvent } from "../../../src/reschedule/ports.ts";
import type { WantedContainer } from "../../../src/reschedule/wanted/wanted.ts";
import { configFor } from "../../api/support.ts";
import { eventually, startWorld, type World } from "../../cluster/world.ts";

/** A mover over simulated engines node-1, node-2, …, with a book in memory and a lease that can be lost. */
export interface Scene extends AsyncDisposable {
  readonly world: World;
  readonly engines: readonly SimulatedEngine[];
  readonly mover: Mover;
  readonly remover: CopyRemover;
  readonly book: FakeBook;
  readonly announced: readonly RescheduleEvent[];
  /** Log messages of the mover, in order. */
  readonly said: readonly string[];
  /** Whether the lease is held; `acts` counts how often it was asked. */
  readonly lease: { held: boolean; asked: number; loseAfter: number };
  /** The nth engine, from 1. */
  node(n: number): SimulatedEngine;
  engine(n: number): Engine;
  /** Creates and starts a container past the manager, as one that is wanted, and waits until the cluster knows it. */
  run(on: number, given?: Given): Promise<WantedContainer>;
  /** Loses an engine for good. */
  lose(n: number): Promise<void>;
  attempt(wanted: WantedContainer, signal?: AbortSignal): Attempt;
  record(id: string): ContainerRecord;
}

export interface Given {
  readonly name?: string;
  readonly body?: ContainerCreateBody;
  readonly wanted?: Partial<WantedContainer>;
  /** Default: it runs. */
  readonly started?: boolean;
}

/** Remembers in memory, and every write it got. */
export class FakeBook {
  readonly entries = new Map<string, WantedContainer>();
  readonly puts: WantedContainer[] = [];
  held = 0;
  get(swarmId: string): WantedContainer | undefined {
    return this.entries.get(swarmId);
  }
  put(wanted: WantedContainer): Promise<boolean> {
    this.entries.set(wanted.swarmId, wanted);
    this.puts.push(wanted);
    return Promise.resolve(true);
  }
  readonly unknownCopies = new NewestIds(10);
  hold(): () => void {
    this.held++;
    return () => {
      this.held--;
    };
  }
}

export interface SceneOptions {
  readonly engines?: number;
  readonly images?: readonly (readonly string[] | undefined)[];
  readonly recreate?: (real: Recreate) => Recreate;
}

const SWARM_ID = "5".repeat(64);

export async function startScene({
  engines: count = 3,
  images = [],
  recreate: wrapped,
}: SceneOptions = {}): Promise<Scene> {
  const world = startWorld();
  const engines = await Promise.all(
    Array.from({ length: count }, (_, n) => {
      const held = images[n];
      return world.engine(held === undefined ? {} : { images: held, pullable: [] });
    }),
  );
  world.set(...engines);
  await Promise.all(engines.map((engine) => world.until(engine, "Healthy")));
  const said: string[] = [];
  const log = pino(
    { level: "debug", base: null },
    { write: (line: string) => void said.push((JSON.parse(line) as { msg: string }).msg) },
  );
  const config = configFor(0);
  const services = {
    cluster: world.cluster,
    config,
    log,
    pulls: new ClientPulls(),
    copies: new ImageCopies(),
    clashes: { makes: () => undefined, failed: () => undefined },
  } as unknown as Services;
  const real: Recreate = (order) => recreate(services, order);
  const announced: RescheduleEvent[] = [];
  const book = new FakeBook();
  const dependencies: MoverDependencies = {
    cluster: world.cluster,
    book,
    recreate: wrapped === undefined ? real : wrapped(real),
    announce: (event) => void announced.push(event),
    options: config.cluster.reschedule,
    log,
  };
  const lease = { held: true, asked: 0, loseAfter: Infinity };
  const term = {
    number: 1,
    sinceMs: 0,
    lost: new AbortController().signal,
    held: () => lease.held && ++lease.asked <= lease.loseAfter,
  };
  const node = (n: number): SimulatedEngine => engines[n - 1]!;
  const engine = (n: number): Engine => world.at(node(n));
  const scene: Scene = {
    world,
    engines,
    mover: new Mover(dependencies),
    remover: new CopyRemover(dependencies),
    book,
    announced,
    said,
    lease,
    node,
    engine,
    async run(on, { name = "web", body = {}, wanted: changes = {}, started = true } = {}) {
      const swarmId = changes.swarmId ?? SWARM_ID;
      const given = { Image: "busybox", Cmd: ["sleep", "infinity"], ...body };
      const { client, cache, engineId, addr, name: nodeName } = engine(on);
      const { Id } = await client.request<{ Id: string }>({
        method: "POST",
        path: `/v1.41/containers/create?name=${name}`,
        body: { ...given, Labels: { ...given.Labels, [SWARM_ID_LABEL]: swarmId } },
      });
      if (started) await client.startContainer(`/v1.41/containers/${Id}/start`);
      await cache.refreshContainer(Id);
      const wanted: WantedContainer = {
        swarmId,
        name,
        policy: "on-node-failure",
        run: started ? "running" : "stopped",
        last: { containerId: Id, engineId, addr, node: nodeName },
        formerIds: [],
        create: { body: given, query: `name=${name}`, apiVersion: "1.41" },
        networks: undefined,
        localNetworks: [],
        updatedMs: 0,
        ...changes,
      };
      book.entries.set(swarmId, wanted);
      return wanted;
    },
    async lose(n) {
      await node(n).hangUp();
      await world.until(node(n), "Unhealthy");
    },
    attempt: (wanted, signal = new AbortController().signal) => ({ wanted, term, signal }),
    record(id) {
      const record = world.cluster.containers.byId(id);
      if (record === undefined) throw new Error(`no record of ${id}`);
      return record;
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
  return scene;
}

/** All containers of all engines of this name, `node-2 running`. */
export function copies({ engines }: Scene, name = "web"): string[] {
  return engines.flatMap((engine) =>
    [...engine.containers.values()]
      .filter((each) => each.name === name)
      .map(({ status }) => `${engine.name} ${status}`),
  );
}

/** The error something ends with. */
export async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it did not fail");
}

export { eventually };
