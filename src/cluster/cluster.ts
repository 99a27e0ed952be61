import type { Logger } from "pino";
import type { ClusterOptions, EngineSettings } from "../config.ts";
import { clusterApiRange, type ClusterApiRange } from "../docker/api-version.ts";
import { DockerodeClient, type Deadlines } from "../docker/dockerode-client.ts";
import type { EngineEvent } from "../docker/types.ts";
import { messages } from "../telemetry/messages.ts";
import type { PlacementRequest, PlacementResult } from "../scheduler/types.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import { Admission } from "./admission.ts";
import { ContainerIndex } from "./container-index.ts";
import type { ContainerRecord } from "./container-record.ts";
import { EngineCandidate, reservation, type Reservation } from "./engine-candidate.ts";
import type { EngineAnnouncement } from "./engine-state.ts";
import { hostPort } from "./engine-address.ts";
import { Engine } from "./engine.ts";
import type { EngineContext } from "./engine-context.ts";
import type { NodeSettingsSource } from "./node-settings.ts";
import { ExecIndex } from "./exec-index.ts";

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
  /** Of calls to engines, where the usual ones will not do. */
  readonly deadlines?: Partial<Deadlines>;
}

/** One engine address, as discovery names it. */
export interface EngineEntry {
  readonly host: string;
  readonly port: number;
}

/** All engines, and every cluster-wide index over them. */
export class Cluster implements AsyncDisposable {
  readonly #dependencies: ClusterDependencies;
  readonly #engines = new Map<string, Engine>();
  readonly #leaving = new Set<Promise<void>>();
  #disposed = false;
  /** Names on their way to a container, and who holds them. */
  readonly #reservedNames = new Map<string, object>();
  readonly #admission: Admission;
  /** Asked by every request; undefined when engines came, went or changed. */
  #apiRange: ClusterApiRange | undefined;
  readonly #context: EngineContext;
  readonly #endReloads: (() => void) | undefined;
  readonly containers = new ContainerIndex();
  readonly execs = new ExecIndex();

  constructor(dependencies: ClusterDependencies) {
    this.#dependencies = dependencies;
    const { settings, options, log, random, listener, tls, nodes, deadlines } = dependencies;
    const { fence = () => undefined } = dependencies;
    this.#admission = new Admission(log);
    this.#context = {
      settings,
      tls,
      overcommit: options.overcommit,
      countMemoryReservation: options.countMemoryReservation,
      log,
      random,
      index: {
        containerAdded: (record) => this.containers.add(record),
        containerRemoved: (record) => this.containers.remove(record),
      },
      resolvesOn: (engine, reference) =>
        this.containers.resolve(reference, (record) => record.engine === engine) !== undefined,
      settingsOf: (engineId) => nodes?.of(engineId),
      fence,
      createClient: ({ host, port, agent }, closed) =>
        new DockerodeClient({ host, port, agent, closed, deadlines, fence }),
      admit: (engine, join) => this.#admission.admit(engine, () => this.#engines.values(), join),
      clusterApi: () => this.apiRange,
      apiChanged: () => (this.#apiRange = undefined),
      announce: (engine, action) => {
        this.#apiRange = undefined;
        listener.onEngineChange(engine, action);
        if (action === "engine_disconnect") this.#wakeNamesakes(engine);
      },
      publish: (engine, event) => listener.onEngineEvent(engine, event),
      execCreated: (execId, engine, containerId) => this.execs.add(execId, engine, containerId),
    };
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
    return (this.#apiRange ??= clusterApiRange(
      [...this.healthy()].flatMap(({ api }) => (api === undefined ? [] : [api])),
    ));
  }

  /** Makes the set of engines exactly this: removals first, then additions (discovery.md §8.1). */
  setEntries(entries: readonly EngineEntry[]): void {
    if (this.#disposed) return;
    const wanted = new Map(entries.map((entry) => [hostPort(entry), entry]));
    for (const [address, engine] of this.#engines) if (!wanted.has(address)) this.#remove(address, engine);
    for (const [address, entry] of wanted) {
      if (this.#engines.has(address)) continue;
      this.#dependencies.log.debug(messages.discoveryAdd(address));
      this.#engines.set(address, new Engine(entry.host, entry.port, this.#context));
    }
  }

  #remove(address: string, engine: Engine): void {
    const { log } = this.#dependencies;
    log.debug(messages.discoveryRemove(address));
    this.#engines.delete(address);
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
    const engines = [...this.#engines.values()];
    this.#engines.clear();
    await Promise.all([...engines.map((engine) => engine[Symbol.asyncDispose]()), ...this.#leaving]);
  }

  // ── Placement ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Is this container name in use, by a container of any validated engine or by one being created? */
  nameTaken(name: string, except?: ContainerRecord): boolean {
    if (this.#reservedNames.has(name)) return true;
    for (const record of this.containers.named(name)) if (record !== except) return true;
    return false;
  }

  /** Chooses engines without reserving anything. */
  rank(request: PlacementRequest): PlacementResult {
    const candidates = [...this.members()].map((engine) => engine.candidate);
    return this.#dependencies.scheduler.place(request, candidates);
  }

  /**
   * Chooses an engine and holds name, ports, memory and CPUs on it until released. Runs without an await, so two requests cannot
   * get the same thing.
   * @throws Error when the name is taken: ask {@link nameTaken} first, in the same turn
   */
  place(
    request: PlacementRequest,
    swarmId: string,
    labels: Readonly<Record<string, string>>,
  ):
    { readonly kind: "placed"; readonly reservation: Reservation } | (PlacementResult & { kind: "refused" }) {
    this.#mustBeFree(request.name);
    const result = this.rank(request);
    if (result.kind === "refused") return result;
    const [best] = result.ranked;
    if (!(best instanceof EngineCandidate))
      throw new TypeError("the scheduler answered with a candidate not given to it");
    const { engine } = best;
    const reserved = reservation(engine, swarmId, labels, request);
    engine.candidate.reserve(reserved);
    if (request.name !== "") this.#reservedNames.set(request.name, reserved);
    return { kind: "placed", reservation: reserved };
  }

  /** Two holders of one name would let go of each other's. */
  #mustBeFree(name: string): void {
    if (this.#reservedNames.has(name)) throw new Error(`the name ${name} is reserved already`);
  }

  /** Holds a name while a container is renamed; the answer lets go of it. @throws Error when it is held already */
  holdName(name: string): () => void {
    this.#mustBeFree(name);
    const holder = {};
    this.#reservedNames.set(name, holder);
    return () => {
      if (this.#reservedNames.get(name) === holder) this.#reservedNames.delete(name);
    };
  }

  /** The container is in the cluster's state now, or will not come. */
  release(reserved: Reservation): void {
    reserved.engine.candidate.release(reserved);
    const [name] = reserved.names;
    if (name !== undefined && this.#reservedNames.get(name) === reserved) this.#reservedNames.delete(name);
  }
}
