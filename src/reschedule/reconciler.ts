import type { Logger } from "pino";
import { runs } from "../cluster/better-copy.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { ContainerRecord } from "../cluster/container-record.ts";
import type { Engine } from "../cluster/engine.ts";
import type { EngineSettings } from "../config.ts";
import { errorText } from "../errors.ts";
import type { Term } from "../replication/leadership.ts";
import { messages } from "../telemetry/messages.ts";
import { CaseReports } from "./case-reports.ts";
import { Cases, type Stage } from "./cases.ts";
import type { EngineFate, Place } from "./engine-loss.ts";
import { placeKey, type EngineWatch } from "./engine-watch.ts";
import { moveOrder } from "./move-order.ts";
import { leftoverWorks } from "./leftovers.ts";
import type { CopyRemover } from "./moves/copy-remover.ts";
import type { Mover } from "./moves/mover.ts";
import { movedTo } from "./moves/place.ts";
import { Outages } from "./outages.ts";
import type { Alarm } from "./places.ts";
import type { Announce, RescheduleOptions } from "./ports.ts";
import { verdictOn, type Verdict } from "./verdict.ts";
import type { WantedBook } from "./wanted/book.ts";
import type { WantedContainer } from "./wanted/wanted.ts";
import { WorkQueue, type Work } from "./work-queue.ts";

export interface ReconcilerDependencies {
  readonly cluster: Cluster;
  readonly book: Pick<WantedBook, "get" | "values" | "fresh" | "put" | "isHeld" | "ofContainer" | "removed">;
  readonly mover: Pick<Mover, "reschedule" | "startInPlace">;
  readonly remover: Pick<CopyRemover, "duplicate" | "leftover">;
  readonly watch: EngineWatch;
  /** See `Situation.inDoubt`. */
  readonly inDoubt: (wanted: WantedContainer, copy: ContainerRecord | undefined) => boolean;
  readonly announce: Announce;
  readonly options: RescheduleOptions;
  readonly settings: EngineSettings;
  readonly log: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
  readonly after: Alarm;
  /** Something is done, so that something else may be due. */
  readonly changed: () => void;
}

/** When things look better, what failed is tried again within so many milliseconds. */
const SOON_MS = 1_000;

/**
 * Keeps, in one term, every wanted container where it is wanted: compares the book with what engines show, again and again, and works on the
 * difference (spec: node-lifecycle.md §8). Events only make it look sooner: nothing depends on having heard one.
 */
export class Reconciler {
  readonly #dependencies: ReconcilerDependencies;
  readonly #term: Term;
  readonly #reports: CaseReports;
  readonly cases = new Cases();
  readonly queue: WorkQueue;
  /** Cases an operator does not want to wait. */
  readonly #hurried = new Set<string>();
  readonly #outages: Outages;

  constructor(term: Term, dependencies: ReconcilerDependencies) {
    this.#term = term;
    this.#dependencies = dependencies;
    this.#reports = new CaseReports(dependencies);
    this.#outages = new Outages(dependencies, this.#reports);
    const { options, now, random, after, changed } = dependencies;
    this.queue = new WorkQueue({
      parallel: options.parallel,
      timeoutMs: options.timeoutMs,
      retryMaxMs: options.retryMaxMs,
      now,
      random,
      after,
      failed: (key, failure) => {
        const of = this.cases.get(key);
        if (of !== undefined) this.#reports.failed(of, failure);
      },
      ended: (key, done) => {
        if (done) this.cases.end(key);
        changed();
      },
    });
  }

  /** Whether something is not as it should be: then look often. */
  get isUnsettled(): boolean {
    return this.cases.size > 0;
  }

  /** Engines came or came back: there may be room now. */
  roomMayBe(): void {
    this.queue.retryAll(SOON_MS);
  }

  /** An operator does not want to wait: neither for the delay, nor for a mass failure to pass, nor for the next try. */
  hurry(swarmId: string): void {
    this.#hurried.add(swarmId);
    this.queue.retry(swarmId);
  }

  /** Compares everything once. Costs a few microseconds per wanted container. */
  pass(): void {
    if (!this.#term.held()) return;
    const { book, watch } = this.#dependencies;
    const places = new Map<string, Place>();
    for (const { last } of book.values()) places.set(placeKey(last), last);
    const fates = watch.judge(places, this.#term.lost);
    this.#outages.update(fates);
    const works: Work[] = [];
    for (const wanted of book.values()) {
      const fate = fates.get(placeKey(wanted.last));
      const work = fate && this.#consider(wanted, fate);
      if (work !== undefined) works.push(work);
    }
    works.push(...leftoverWorks(this.#dependencies, this.#term));
    for (const key of this.#hurried) if (this.cases.get(key) === undefined) this.#hurried.delete(key);
    for (const key of [...this.cases.keys()])
      if (book.get(key) === undefined) this.#close(key, "it was removed");
    // What goes first matters only to those that have not been tried.
    const isNew = works.some(({ key }) => !this.queue.isBusy(key));
    const moving = works.flatMap(({ key, kind }) => (kind === "run" ? (book.get(key) ?? []) : []));
    this.queue.offer(works, moveOrder(isNew ? moving : []));
  }

  /** Ends all work; resolves when nothing runs any more. */
  async stop(): Promise<void> {
    await this.queue.stop();
  }

  /** @returns what is to be worked on */
  #consider(wanted: WantedContainer, fate: EngineFate): Work | undefined {
    const { swarmId } = wanted;
    if (this.#isFine(wanted, fate)) return undefined;
    if (this.queue.isOnce(swarmId)) return undefined;
    const state = this.queue.state(swarmId);
    if (state?.running === true) {
      this.#stopIfBack(wanted, fate, state.kind);
      return undefined;
    }
    const verdict = this.#verdict(wanted, fate);
    const sinceMs = fate.kind === "lost" ? fate.sinceMs : this.#dependencies.now();
    switch (verdict.kind) {
      case "nothing":
        this.#close(swarmId, "its node is back");
        return undefined;
      case "skip":
        this.#close(swarmId, "it does not ask for it");
        return undefined;
      case "unknown":
        // What was being done about it goes on: silence proves nothing, either way.
        if (fate.kind === "alive") this.#endOutage(wanted);
        else if (state === undefined) this.#note(wanted, waiting(verdict.why), sinceMs, false);
        return undefined;
      case "wait":
        this.queue.cancel(swarmId, verdict.why);
        this.#note(wanted, waiting(verdict.why, verdict.untilMs), sinceMs, true);
        return undefined;
      case "hold":
        this.queue.cancel(swarmId, verdict.why);
        this.#note(wanted, { kind: "held", why: verdict.why }, sinceMs, true);
        return undefined;
      case "adopt":
        this.#adopt(wanted, verdict.record);
        return undefined;
      case "start":
      case "reschedule":
      case "duplicate":
        if (verdict.kind === "start") this.#endOutage(wanted);
        this.#note(wanted, { kind: "working", task: verdict.kind }, sinceMs, verdict.kind === "reschedule");
        return {
          key: swarmId,
          // A copy that was made and does not start is one case with what it was made for.
          kind: verdict.kind === "duplicate" ? "duplicate" : "run",
          attempt: (signal) => this.#attempt(swarmId, signal),
        };
    }
  }

  /** The common case, and a cheap one: it is where it was, alone, doing what it should. */
  #isFine({ swarmId, run, last }: WantedContainer, fate: EngineFate): boolean {
    if (fate.kind !== "alive" || this.cases.get(swarmId) !== undefined || this.queue.isBusy(swarmId))
      return false;
    const { containers } = this.#dependencies.cluster;
    const record = containers.byId(last.containerId);
    if (record?.engine.isHealthy !== true || (run === "running" && !runs(record))) return false;
    return containers.withSwarmId(swarmId).size <= 1;
  }

  #verdict(wanted: WantedContainer, fate: EngineFate): Verdict {
    const { options, inDoubt, now } = this.#dependencies;
    const hurried = this.#hurried.has(wanted.swarmId);
    const mass = hurried ? undefined : this.#outages.massOf(placeKey(wanted.last));
    return verdictOn({
      wanted,
      copies: this.#copies(wanted),
      fate,
      mass,
      delayMs: hurried ? 0 : options.delayMs,
      inDoubt: (copy) => inDoubt(wanted, copy),
      nowMs: now(),
    });
  }

  /** One that was created past the manager has no swarm ID, until it moves. */
  #copies({ swarmId, last }: WantedContainer): Iterable<ContainerRecord> {
    const { containers } = this.#dependencies.cluster;
    const copies = containers.withSwarmId(swarmId);
    const own = containers.byId(last.containerId);
    return own === undefined || copies.has(own) ? copies : [...copies, own];
  }

  /** One attempt, at whatever is due by now. @returns whether anything was @throws Error */
  async #attempt(swarmId: string, signal: AbortSignal): Promise<boolean> {
    const { watch, mover, remover } = this.#dependencies;
    const wanted = await this.#fresh(swarmId, signal);
    if (wanted === undefined) return false;
    const verdict = this.#verdict(wanted, watch.fate(wanted.last));
    const attempt = { wanted, term: this.#term, signal };
    if (verdict.kind === "reschedule") await mover.reschedule(attempt);
    else if (verdict.kind === "start") await mover.startInPlace(attempt, verdict.record);
    else if (verdict.kind === "duplicate") await remover.duplicate(attempt, verdict.loser, verdict.winner);
    // The next pass sees what it is now.
    else return false;
    return true;
  }

  /** Another manager may have changed the record, where several of them answer. Without the store, ours has to do. */
  async #fresh(swarmId: string, signal: AbortSignal): Promise<WantedContainer | undefined> {
    const { book, log } = this.#dependencies;
    try {
      return await book.fresh(swarmId, signal);
    } catch (error) {
      signal.throwIfAborted();
      log.debug({ error: errorText(error) }, "a wanted container could not be read again");
      return book.get(swarmId);
    }
  }

  /** Its engine is back while an attempt is under way: nothing more is to be made. What was made is judged by the next pass. */
  #stopIfBack({ swarmId, last }: WantedContainer, fate: EngineFate, kind: string): void {
    const begun = this.cases.get(swarmId)?.wanted.last.containerId;
    if (kind !== "run" || begun !== last.containerId || fate.kind !== "alive") return;
    const { containers } = this.#dependencies.cluster;
    if (containers.byId(last.containerId)?.engine.isHealthy === true)
      this.queue.cancel(swarmId, "its node is back");
  }

  #note(wanted: WantedContainer, stage: Stage, sinceMs: number, announce: boolean): void {
    if (this.cases.note(wanted, stage, sinceMs, announce)) this.#reports.pending(wanted, stage);
  }

  /** It is as it should be, or nobody asks for anything. */
  #close(swarmId: string, why: string): void {
    this.queue.cancel(swarmId, why);
    this.#endCase(swarmId, why);
  }

  /** Its node is back, and has it. */
  #endOutage({ swarmId, last }: WantedContainer): void {
    const open = this.cases.get(swarmId);
    const isOutage = open?.announced === true && open.wanted.last.containerId === last.containerId;
    if (isOutage) this.#close(swarmId, "its node is back");
  }

  #endCase(swarmId: string, why: string): void {
    const ended = this.cases.end(swarmId);
    if (ended?.announced === true) this.#reports.cancelled(ended.wanted, why);
  }

  /** A move that its manager could not write down any more. */
  #adopt(wanted: WantedContainer, record: ContainerRecord): void {
    const { book, log, changed } = this.#dependencies;
    this.queue.cancel(wanted.swarmId, "it runs elsewhere");
    this.cases.end(wanted.swarmId);
    if (book.isHeld(wanted.swarmId)) return;
    void book.put({ ...movedTo(wanted, record), run: runs(record) ? "running" : wanted.run });
    // What it was before may be there, too.
    changed();
    log.info(
      { container: record.id, from: wanted.last.node, to: record.engine.name },
      `container ${wanted.name} has moved`,
    );
  }

  /** An engine was flagged, or left. */
  engineFailed(engine: Engine): void {
    const { log, book } = this.#dependencies;
    if (!log.isLevelEnabled("debug")) return;
    for (const { id } of engine.cache.inventory.containers.values()) {
      if (book.ofContainer(id) === undefined) log.debug(messages.rescheduleSkipped(id));
    }
  }
}

const waiting = (why: string, untilMs?: number): Stage => ({ kind: "waiting", why, untilMs });
