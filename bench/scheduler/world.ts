import { FILTERS } from "../../filters/index.ts";
import { ContainerIndex } from "../../src/cluster/container-index.ts";
import { containerRecord, type ContainerRecord } from "../../src/cluster/container-record.ts";
import { EngineCandidate, type Reservation } from "../../src/cluster/engine-candidate.ts";
import type { Engine } from "../../src/cluster/engine.ts";
import { Inventory } from "../../src/cluster/inventory.ts";
import { Placements } from "../../src/cluster/placements.ts";
import type { ContainerInspect, ContainerSummary, ImageSummary } from "../../src/docker/types.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import type { PlacementRequest, PlacementResult } from "../../src/scheduler/types.ts";
import { strategyByName } from "../../strategies/index.ts";

const GIB = 2 ** 30;
export const RACKS = 20;
const IMAGES = ["busybox:latest", "redis:7.2", "postgres:16", "nginx:1.27", "node:20"];

/** Repeatable text of 64 hex digits; the first twelve tell numbers apart. */
function hexOf(kind: number, number: number): string {
  const mixed = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  return mixed.toString(16).padStart(8, "0") + kind.toString(16).padStart(4, "0") + TAIL;
}
const TAIL = "5eed".repeat(13);

/** Everything between a create and the engine's own call: engines without connections, the cluster's indexes, the scheduler. */
export class SchedulerWorld {
  readonly engines: readonly Engine[];
  readonly #placements: Placements;
  readonly #scheduler: Scheduler;
  readonly #made: ContainerRecord[] = [];
  #count = 0;
  readonly #first: number;

  /** @param perEngine containers on each engine to begin with */
  constructor(engines: number, perEngine: number, strategy = "spread") {
    const index = new ContainerIndex();
    this.#scheduler = new Scheduler({
      ...{
        filters: FILTERS,
        strategy: strategyByName(strategy),
        rules: { modern: false },
        random: Math.random,
      },
    });
    this.#placements = new Placements(this.#scheduler, index);
    this.engines = Array.from({ length: engines }, (_, number) => fakeEngine(number, index));
    for (const engine of this.engines) {
      const { inventory } = engine.cache;
      inventory.images = IMAGES.slice(0, 2 + (Number(engine.name.slice(5)) % 4)).map(imageSummary);
      inventory.attach({
        containerAdded: (record) => index.add(record),
        containerRemoved: (record) => index.remove(record),
        containerReplaced: (old, record) => index.replace(old, record),
      });
      for (let number = 0; number < perEngine; number += 1) {
        inventory.setContainer(this.#record(engine, `web-${this.#count}`, "", {}));
      }
      this.#placements.add(engine.candidate);
    }
    this.#first = this.#count;
  }

  /** The name of some container of the beginning. */
  someName(number: number): string {
    return `web-${number % this.#first}`;
  }

  /** The ID of some container of the beginning. */
  someId(number: number): string {
    return hexOf(1, number % this.#first);
  }

  /** Chooses, reserves, and makes the container real. @returns false when refused */
  place(request: PlacementRequest, labels: Readonly<Record<string, string>>): boolean {
    const swarmId = hexOf(2, this.#count);
    const placed = this.#placements.place(request, swarmId, labels);
    if (placed.kind === "refused") return false;
    const { reservation } = placed;
    const record = this.#record(reservation.engine, request.name, swarmId, labels, reservation);
    reservation.engine.cache.inventory.setContainer(record);
    this.#placements.release(reservation);
    this.#made.push(record);
    return true;
  }

  /** Takes every container that was placed away again. */
  clear(): void {
    for (const { engine, id } of this.#made) engine.cache.inventory.removeContainer(id);
    this.#made.length = 0;
  }

  /** The answer without any index. */
  plain(request: PlacementRequest): PlacementResult {
    return this.#scheduler.place(
      request,
      this.engines.map((engine) => engine.candidate),
    );
  }
  /** The answer as requests get it. */
  indexed(request: PlacementRequest): PlacementResult {
    return this.#placements.rank(request);
  }

  #record(
    engine: Engine,
    name: string,
    swarmId: string,
    labels: Readonly<Record<string, string>>,
    reservation?: Reservation,
  ): ContainerRecord {
    const number = this.#count++;
    const id = hexOf(1, number);
    const tier = { tier: number % 3 === 0 ? "front" : "back", ...labels };
    const inspect = {
      Id: id,
      Created: "2026-01-01T00:00:00Z",
      Name: `/${name === "" ? `c-${number}` : name}`,
      Image: "sha256:1",
      State: { Status: "running", Running: true, Paused: false, Restarting: false, Dead: false },
      HostConfig: {
        Memory: reservation?.memoryBytes ?? 0,
        NanoCpus: (reservation?.cpus ?? 0) * 1e9,
        PortBindings: portMap(reservation, number),
      },
      Config: {
        Image: "busybox",
        Labels: swarmId === "" ? tier : { ...tier, "com.docker.swarm.id": swarmId },
      },
      NetworkSettings: { Ports: null },
    } as unknown as ContainerInspect;
    const summary = { Id: id, Names: [inspect.Name], State: "running" } as unknown as ContainerSummary;
    return containerRecord(engine, summary, inspect, { engineCpus: 64, countMemoryReservation: false });
  }
}

/** The ports reserved; each tenth container of the beginning has one, too. */
function portMap(reservation: Reservation | undefined, number: number): Record<string, unknown> | null {
  if (reservation === undefined)
    return number % 10 === 0 ? { "80/tcp": [{ HostPort: `${30_000 + (number % 97)}` }] } : null;
  return Object.fromEntries(
    reservation.usedPorts.map(({ containerPort, hostIp, hostPort }) => [
      containerPort,
      [{ HostIp: hostIp, HostPort: hostPort }],
    ]),
  );
}

const imageSummary = (tag: string, number: number): ImageSummary =>
  ({ Id: `sha256:${hexOf(3, number)}`, RepoTags: [tag], RepoDigests: [] }) as unknown as ImageSummary;

/** What placement reads of an engine, without its life. */
function fakeEngine(number: number, index: ContainerIndex): Engine {
  const name = `node-${number}`;
  const engineId = `ENGINE-${number}`;
  const addr = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}:2375`;
  const engine = {
    ...{ name, engineId, addr, id: `${engineId}|${addr}`, isMember: true, isHealthy: true, clockDeltaMs: 0 },
    availability: "active",
    labels: new Map([["rack", `r${number % RACKS}`], ["zone", number % 2 === 0 ? "east" : "west"], ["storagedriver", "overlay2"]]), // prettier-ignore
    ...{ healthIndicator: 100, totalMemoryBytes: 256 * GIB, totalCpus: 256 },
    cache: { inventory: new Inventory() },
  } as unknown as Engine;
  const resolves = (reference: string): boolean =>
    index.resolve(reference, (record) => record.engine === engine) !== undefined;
  Object.assign(engine, { candidate: new EngineCandidate(engine, resolves) });
  return engine;
}
