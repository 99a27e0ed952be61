import type { Logger } from "pino";
import { runs } from "../../cluster/better-copy.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { EngineAnnouncement } from "../../cluster/engine-state.ts";
import type { Engine } from "../../cluster/engine.ts";
import type { EngineEvent } from "../../docker/types.ts";
import type { WantedBook } from "./book.ts";
import { Departures } from "./departures.ts";
import { EngineTasks } from "./engine-tasks.ts";
import { firstRecord } from "./first-record.ts";
import { healthyById, placeOf, recordAt, restartsItself, startMark } from "./home.ts";
import { policyOf, swarmIdOf } from "./policy.ts";
import { Readings } from "./readings.ts";
import { RunTracker } from "./run-tracker.ts";
import { settledOnce, type UserWishes, type Wish } from "./user-wishes.ts";
import type { WantedContainer, WantedCreate } from "./wanted.ts";

export interface RecorderDependencies {
  readonly cluster: Cluster;
  readonly book: WantedBook;
  /** Whether we keep records of what engines tell; what users ask through us is recorded in any case. */
  readonly leads: () => boolean;
  readonly log: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Keeps the book true to what users want, whoever they ask (spec: node-lifecycle.md §8 «Intent»). Ask {@link Recorder.isSettling} before a container
 * is started in place or made anew because it does not run: its user may have stopped it a moment ago, past the manager.
 */
export class Recorder implements UserWishes, AsyncDisposable {
  readonly #dependencies: RecorderDependencies;
  readonly #book: WantedBook;
  readonly #tasks = new EngineTasks();
  readonly #runs: RunTracker;
  readonly #departures: Departures;
  readonly #readings: Readings;
  /** Wishes whose outcome is being noted. */
  readonly #settling = new Set<Promise<void>>();
  #led = false;

  constructor(dependencies: RecorderDependencies) {
    const { cluster, book, now, log } = dependencies;
    this.#dependencies = dependencies;
    this.#book = book;
    this.#runs = new RunTracker(book, now);
    const parts = { cluster, book, now, log, tasks: this.#tasks, runs: this.#runs };
    this.#departures = new Departures(parts);
    this.#readings = new Readings(parts);
  }

  // ── What users ask through us ─────────────────────────────────────────────────────────────────────────────────

  async created(record: ContainerRecord, create: WantedCreate): Promise<readonly string[]> {
    const policy = policyOf(record.labels);
    if (policy === undefined) return [];
    const swarmId = swarmIdOf(record);
    const known = this.#book.get(swarmId);
    if (known !== undefined && known.last.containerId !== record.id && !isSuccessor(record, known)) {
      return [
        `Not remembered for rescheduling: the label com.docker.swarm.id names another container, ${known.name}`,
      ];
    }
    await this.#book.put(firstRecord(record, { swarmId, policy, create, nowMs: this.#dependencies.now() }));
    return this.#book.isStorable(swarmId) ? [] : [TOO_LARGE];
  }

  async started(record: ContainerRecord): Promise<void> {
    await this.#current(record);
    const wanted = this.#book.get(swarmIdOf(record));
    // A short one may have ended by now, and that is known already.
    if (wanted === undefined || !runs(record)) return;
    const { last, formerIds } = wanted;
    const isIt = last.containerId === record.id;
    if (isIt ? wanted.run === "running" : !isSuccessor(record, wanted)) return;
    this.#runs.seenRunning(record.id, startMark(record.engine));
    await this.#book.put({
      ...wanted,
      run: "running",
      last: placeOf(record),
      formerIds: isIt ? formerIds : [...formerIds, last.containerId],
      updatedMs: this.#dependencies.now(),
    });
  }

  stopping(record: ContainerRecord): Wish {
    const { id } = record;
    this.#runs.tell(id, { kind: "wish" });
    return settledOnce((succeeded) =>
      this.#settleWith(record, () => {
        const now = record.engine.cache.inventory.containers.get(id);
        this.#runs.tell(id, { kind: "wish-settled", succeeded, running: now !== undefined && runs(now) });
      }),
    );
  }

  removing(record: ContainerRecord, what: "container" | "copy"): Wish {
    const { id } = record;
    this.#departures.wish(id);
    return settledOnce((succeeded) =>
      this.#settleWith(record, () => this.#departures.wishSettled(record, what, succeeded)),
    );
  }

  async isUnfinished(record: ContainerRecord): Promise<boolean> {
    await this.#current(record);
    const wanted = this.#book.get(swarmIdOf(record));
    return wanted !== undefined && wanted.last.containerId !== record.id && isSuccessor(record, wanted);
  }

  #settleWith(record: ContainerRecord, settle: () => void): void {
    const settling = this.#current(record)
      .then(settle)
      .finally(() => this.#settling.delete(settling));
    this.#settling.add(settling);
  }

  /** Who does not lead may know an old state only: another manager has moved it since. */
  async #current(record: ContainerRecord): Promise<void> {
    if (this.#dependencies.leads() || policyOf(record.labels) === undefined) return;
    await this.#book.fresh(swarmIdOf(record), this.#tasks.signal).catch(() => undefined);
  }

  // ── What engines tell ─────────────────────────────────────────────────────────────────────────────────────────

  /** After the cluster's state knows of it. */
  onEngineEvent(engine: Engine, event: EngineEvent): void {
    if (!this.#leads()) return;
    const isNetwork = event.Type === "network";
    if (!isNetwork && event.Type !== "container") return;
    const attributes = event.Actor?.Attributes ?? {};
    const id = (isNetwork ? attributes.container : (event.Actor?.ID ?? event.id)) ?? "";
    const wanted = this.#book.ofContainer(id);
    if (wanted?.last.containerId !== id) return;
    const action = event.Action ?? event.status ?? "";
    if (isNetwork) {
      if (action === "connect" || action === "disconnect") this.#readings.readSoon(id, engine);
      return;
    }
    switch (action) {
      case "start":
      case "restart":
        this.#runs.seenRunning(id, startMark(engine));
        this.#runs.tell(id, { kind: "started" });
        return;
      case "kill":
        this.#runs.tell(id, { kind: "killed" });
        return;
      case "die":
        this.#died(wanted, engine, Number(attributes.exitCode ?? 0));
        return;
      case "destroy":
        this.#departures.destroyed(wanted);
        return;
      case "rename":
        this.#renamed(wanted, engine);
        return;
      case "update":
        this.#readings.readSoon(id, engine);
        return;
    }
  }

  onEngineChange(engine: Engine, action: EngineAnnouncement): void {
    if (!this.#leads()) return;
    for (const wanted of this.#book.values()) {
      const { containerId, engineId } = wanted.last;
      if (engineId !== engine.engineId) continue;
      if (action !== "engine_disconnect") {
        // What changed while nobody heard is not known.
        this.#readings.due(containerId);
        continue;
      }
      if (!this.#runs.isDoubtful(containerId) && !this.#departures.isDoubtful(containerId)) continue;
      this.#runs.tell(containerId, { kind: "engine-lost" });
      this.#departures.engineLost(containerId);
      // The end may have been asked of another manager.
      this.#book.fresh(wanted.swarmId, this.#tasks.signal).catch(() => undefined);
    }
  }

  /**
   * Whether it is not clear yet why a container is not running, or not there, though its engine is well: for {@link SETTLE_MS} or a little more. Leave
   * it alone until this is false.
   */
  isSettling(swarmId: string): boolean {
    const wanted = this.#book.get(swarmId);
    if (wanted === undefined) return false;
    const engine = healthyById(this.#dependencies.cluster).get(wanted.last.engineId);
    if (engine === undefined) return false;
    const { containerId } = wanted.last;
    if (recordAt(engine, wanted) !== undefined) return this.#runs.isDoubtful(containerId);
    return !this.#departures.wasLost(containerId);
  }

  /** Called about every second in a term: settles what time settles, and takes up containers that nobody recorded. What engines are asked for that goes on behind it. */
  review(): void {
    if (!this.#leads()) return;
    const homes: ReadonlyMap<string, Engine> = this.#book.isEmpty
      ? new Map<string, Engine>()
      : healthyById(this.#dependencies.cluster);
    this.#runs.prune();
    this.#departures.prune();
    for (const wanted of [...this.#book.values()]) {
      const engine = homes.get(wanted.last.engineId);
      if (engine === undefined || this.#book.isHeld(wanted.swarmId)) continue;
      const record = recordAt(engine, wanted);
      if (record === undefined) this.#departures.missing(wanted, engine);
      else this.#reviewOne(wanted, record);
    }
    this.#readings.readDue(homes);
    this.#readings.adopt(this.#dependencies.cluster.members());
  }

  /** Resolves when no work is under way. */
  idle(): Promise<void> {
    return this.#tasks.idle();
  }

  /** Afterwards the book has been told all there is to tell. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tasks[Symbol.asyncDispose]();
    await Promise.all(this.#settling);
  }

  #reviewOne(wanted: WantedContainer, record: ContainerRecord): void {
    const { id, engine } = record;
    this.#departures.isBack(id);
    if (this.#runs.engineRestarted(id, startMark(engine)) === true)
      this.#runs.tell(id, { kind: "engine-lost" });
    if (runs(record)) {
      this.#runs.seenRunning(id, startMark(engine));
      // It was started while nobody heard.
      if (wanted.run === "stopped" && !this.#runs.isWished(id)) this.#runs.tell(id, { kind: "started" });
    }
    if (wanted.last.addr !== engine.addr || wanted.last.node !== engine.name) {
      this.#change(wanted, { last: placeOf(record) });
    }
    if (this.#runs.isDue(id)) this.#tasks.start(engine, `settle ${id}`, () => this.#settle(id, engine));
  }

  /** Asks the engine: if it is the process it was when the container ended, then somebody ended the container. */
  async #settle(id: string, engine: Engine): Promise<void> {
    await engine.cache.refreshNetworks();
    await engine.cache.refreshContainer(id);
    const record = engine.cache.inventory.containers.get(id);
    if (!engine.isHealthy || record === undefined || !this.#runs.isDue(id)) return;
    const restarted = this.#runs.engineRestarted(id, startMark(engine)) === true;
    this.#runs.tell(id, restarted ? { kind: "engine-lost" } : { kind: "settled", running: runs(record) });
  }

  #died(wanted: WantedContainer, engine: Engine, exitCode: number): void {
    const { containerId } = wanted.last;
    this.#runs.tell(containerId, {
      kind: "died",
      exitCode,
      restarts: restartsItself(wanted, exitCode),
      engineRestarted:
        this.#runs.engineRestarted(containerId, startMark(engine)) ??
        // Found out as the engine comes back, and it cannot be told whether it is the same process.
        (!engine.isHealthy && exitCode >= 128),
    });
  }

  #renamed(wanted: WantedContainer, engine: Engine): void {
    const name = recordAt(engine, wanted)?.names[0];
    if (name !== undefined && name !== wanted.name) this.#change(wanted, { name });
  }

  #change(wanted: WantedContainer, change: Partial<WantedContainer>): void {
    void this.#book.put({ ...wanted, ...change, updatedMs: this.#dependencies.now() });
  }

  #leads(): boolean {
    const leads = this.#dependencies.leads();
    if (this.#led && !leads) {
      this.#runs.reset();
      this.#departures.reset();
      this.#readings.reset();
    }
    this.#led = leads;
    return leads;
  }
}

const TOO_LARGE =
  "The container cannot be remembered in full: what describes it is too large for the store. Until it is smaller, it is rescheduled only by a manager that has seen it on its node";

/** Whether this container was made in place of the one a record knows: by its labels, which `docker commit` copies, and by its name, which it does not. */
function isSuccessor(record: ContainerRecord, { name, last }: WantedContainer): boolean {
  return record.names[0] === name && record.formerIds.includes(last.containerId);
}
