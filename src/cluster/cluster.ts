import type { Logger } from "pino";
import type { ClusterOptions, EngineSettings } from "../config.ts";
import { clusterApiRange, type ApiRange, type ClusterApiRange } from "../docker/api-version.ts";
import { DockerodeClient, type Deadlines } from "../docker/dockerode-client.ts";
import type { EngineEvent } from "../docker/types.ts";
import { messages } from "../telemetry/messages.ts";
import type { PlacementRequest, PlacementResult } from "../scheduler/types.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import { Admission } from "./admission.ts";
import { ContainerIndex } from "./container-index.ts";
import type { ContainerRecord } from "./container-record.ts";
import type { Reservation } from "./engine-candidate.ts";
import type { EngineAnnouncement } from "./engine-state.ts";
import { hostPort } from "./engine-address.ts";
import { Engine } from "./engine.ts";
import type { EngineContext } from "./engine-context.ts";
import type { NodeSettingsSource } from "./node-settings.ts";
import { ExecIndex } from "./exec-index.ts";
import { Placements, type Placed } from "./placements.ts";
import { Turns } from "./turns.ts";
import { soon } from "./within.ts";

/**
 * Engines read for the first time at once: more only wait for each other, with memory held. One that takes longer than so many milliseconds is far
 * away or slow, and does not count.
 */
const [VALIDATIONS, VALIDATION_MS] = [32, 1_000];
/** Inspections under way at once while engines are read as a whole, all engines together and roughly. */
const INSPECTS = 512;
/** How long a list waits for engines that are busy, milliseconds. */
const SETTLE_MS = 1_000;

/** Hears what happens in the cluster; the event hub does. */
export interface ClusterListener {
  onEngineEvent(engine: Engine, event: EngineEvent): void;
  onEngineChange(engine: Engine, action: EngineAnnouncement): void;
}

export interface ClusterDependencies {
  readonly settings: EngineSettings;
  readonly options: ClusterOptions;
  readonly scheduler: Scheduler;
  readonly log: Logger;
  readonly random: () => number;
  readonly listener: ClusterListener;
  /** What operators said about nodes; absent: nothing. */
  readonly nodes?: NodeSettingsSource;
  /** How engines are reached; undefined: by plain HTTP. */
  readonly tls?: TlsIdentity | undefined;
  /** Asked right before any engine is told to change anything. @throws ApiError when this manager may not act. Absent: it always may */
  readonly fence?: () => void;
  /** Containers are read after each of their events: rules look at what no event tells. Absent: only where events do not tell enough. */
  readonly exact?: boolean;
  /** Of calls to engines, where the usual ones will not do. */
  readonly deadlines?: Partial<Deadlines>;
}

/** One engine address, as discovery names it. */
export interface EngineEntry {
  readonly host: string;
  readonly port: number;
}

/** What the healthy engines have in common. */
interface Common {
  readonly apiRange: ClusterApiRange;
  readonly mixesOsTypes: boolean;
}

function commonOf(healthy: Iterable<Engine>): Common {
  const ranges: ApiRange[] = [];
  const osTypes = new Set<string | undefined>();
  for (const { api, labels } of healthy) {
    if (api !== undefined) ranges.push(api);
    osTypes.add(labels.get("ostype"));
  }
  return { apiRange: clusterApiRange(ranges), mixesOsTypes: osTypes.size > 1 };
}

/** All engines, and every cluster-wide index over them. */
export class Cluster implements AsyncDisposable {
  readonly #dependencies: ClusterDependencies;
  readonly #engines = new Map<string, Engine>();
  readonly #behind = new Set<Engine>();
  readonly #leaving = new Set<Promise<void>>();
  #disposed = false;
  readonly #placements: Placements;
  readonly #validations = new Turns(VALIDATIONS, VALIDATION_MS);
  readonly #admission: Admission;
  /** Asked by every request; undefined when engines came, went or changed. */
  #common: Common | undefined;
  readonly #context: EngineContext;
  readonly #endReloads: (() => void) | undefined;
  readonly #endSettings: (() => void) | undefined;
  readonly containers = new ContainerIndex();
  readonly execs = new ExecIndex();

  constructor(dependencies: ClusterDependencies) {
    this.#dependencies = dependencies;
    const { settings, options, log, random, listener, tls, nodes, deadlines } = dependencies;
    const { fence = () => undefined } = dependencies;
    this.#admission = new Admission(log);
    this.#placements = new Placements(dependencies.scheduler, this.containers);
    this.#context = {
      settings,
      tls,
      overcommit: options.overcommit,
      countMemoryReservation: options.countMemoryReservation,
      exact: dependencies.exact ?? false,
      engineCount: () => this.#engines.size,
      inspectsAtOnce: () => Math.min(Math.max(Math.floor(INSPECTS / this.#engines.size), 2), 8),
      log,
      random,
      index: {
        containerAdded: (record) => this.containers.add(record),
        containerRemoved: (record) => this.containers.remove(record),
        containerReplaced: (old, record) => this.containers.replace(old, record),
      },
      behind: this.#behind,
      resolvesOn: (engine, reference) =>
        this.containers.resolve(reference, (record) => record.engine === engine) !== undefined,
      settingsOf: (engineId) => nodes?.of(engineId),
      fence,
      createClient: ({ host, port, agent, wire }, closed) =>
        new DockerodeClient({ host, port, agent, wire, closed, deadlines, fence }),
      admit: (engine, join) => this.#admission.admit(engine, join),
      validationTurn: (signal) => this.#validations.take(signal),
      clusterApi: () => this.apiRange,
      apiChanged: () => (this.#common = undefined),
      announce: (engine, action) => {
        this.#common = undefined;
        listener.onEngineChange(engine, action);
        if (action === "engine_disconnect") this.#wakeNamesakes(engine);
      },
      publish: (engine, event) => listener.onEngineEvent(engine, event),
      execCreated: (execId, engine, containerId) => this.execs.add(execId, engine, containerId),
    };
    this.#endSettings = nodes?.onChange((engineId) => {
      this.#common = undefined;
      for (const engine of this.#engines.values()) {
        if (engine.engineId === engineId) engine.candidate.nodeChanged();
      }
    });
    this.#endReloads = tls?.onReload(() => {
      for (const engine of this.#engines.values()) engine.identityRenewed();
    });
  }

  // ── Engines ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Every known engine, pending ones included. */
  get engines(): Iterable<Engine> {
    return this.#engines.values();
  }

  /** Validated engines: those whose objects are part of the cluster. */
  *members(): Generator<Engine> {
    for (const engine of this.#engines.values()) if (engine.isMember) yield engine;
  }

  *healthy(): Generator<Engine> {
    for (const engine of this.#engines.values()) if (engine.isHealthy) yield engine;
  }

  get engineCount(): number {
    return this.#engines.size;
  }

  /** What an operator should know beyond the engines' own rows. */
  get warnings(): readonly string[] {
    return this.#admission.warnings;
  }

  /** The member called this: name, combined ID, bare ID or address. */
  member(text: string): Engine | undefined {
    for (const engine of this.members()) {
      if (text === engine.name || text === engine.id || text === engine.engineId || text === engine.addr)
        return engine;
    }
    return undefined;
  }

  engineAt(addr: string): Engine | undefined {
    return this.#engines.get(addr);
  }

  /** What all healthy engines speak (api.md §10.1). */
  get apiRange(): ClusterApiRange {
    return (this.#common ??= commonOf(this.healthy())).apiRange;
  }

  /** Do healthy engines run containers of different operating systems? */
  get mixesOsTypes(): boolean {
    return (this.#common ??= commonOf(this.healthy())).mixesOsTypes;
  }

  /** Reads what events told of and lists show, as far as engines answer soon: whoever lists sees what was done before. Never rejects. */
  async settle(): Promise<void> {
    const behind = [...this.#behind].filter(({ isHealthy }) => isHealthy);
    if (behind.length === 0) return;
    await soon(SETTLE_MS, Promise.all(behind.map(({ cache }) => cache.told.settle())));
  }

  /** Makes the set of engines exactly this: removals first, then additions (discovery.md §8.1). */
  setEntries(entries: readonly EngineEntry[]): void {
    if (this.#disposed) return;
    const wanted = new Map(entries.map((entry) => [hostPort(entry), entry]));
    for (const [address, engine] of this.#engines) if (!wanted.has(address)) this.#remove(address, engine);
    for (const [address, entry] of wanted) {
      if (this.#engines.has(address)) continue;
      this.#dependencies.log.debug(messages.discoveryAdd(address));
      const engine = new Engine(entry.host, entry.port, this.#context);
      this.#engines.set(address, engine);
      this.#placements.add(engine.candidate);
    }
  }

  #remove(address: string, engine: Engine): void {
    const { log } = this.#dependencies;
    log.debug(messages.discoveryRemove(address));
    this.#engines.delete(address);
    this.#placements.remove(engine.candidate);
    this.#admission.forget(engine);
    this.#admission.forgetAddress(address);
    this.execs.forgetEngine(engine);
    log.info(messages.removedEngine(engine.name));
    const leaving = engine[Symbol.asyncDispose]().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  /** Where an engine is lost, a pending address of the same ID may be its new one, and need not wait for its turn. */
  #wakeNamesakes(engine: Engine): void {
    for (const other of this.#engines.values()) {
      if (other !== engine && !other.isMember && other.engineId === engine.engineId) other.wake();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#endReloads?.();
    this.#endSettings?.();
    const engines = [...this.#engines.values()];
    for (const { candidate } of engines) this.#placements.remove(candidate);
    this.#engines.clear();
    await Promise.all([...engines.map((engine) => engine[Symbol.asyncDispose]()), ...this.#leaving]);
  }

  // ── Placement ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Is this container name in use, by a container of any validated engine or by one being created? */
  nameTaken(name: string, except?: ContainerRecord): boolean {
    if (this.#placements.isReserved(name)) return true;
    for (const record of this.containers.named(name)) if (record !== except) return true;
    return false;
  }

  /** Chooses engines without reserving anything. */
  rank(request: PlacementRequest): PlacementResult {
    return this.#placements.rank(request);
  }

  /**
   * Chooses an engine and holds name, ports, memory and CPUs on it until released. Runs without an await, so two requests cannot
   * get the same thing.
   * @throws Error when the name is taken: ask {@link nameTaken} first, in the same turn
   */
  place(request: PlacementRequest, swarmId: string, labels: Readonly<Record<string, string>>): Placed {
    return this.#placements.place(request, swarmId, labels);
  }

  /** Holds a name while a container is renamed; the answer lets go of it. @throws Error when it is held already */
  holdName(name: string): () => void {
    return this.#placements.holdName(name);
  }

  /** The container is in the cluster's state now, or will not come. */
  release(reserved: Reservation): void {
    this.#placements.release(reserved);
  }
}
