import type { Logger } from "pino";
import type { Cluster } from "../cluster/cluster.ts";
import type { ContainerRecord } from "../cluster/container-record.ts";
import type { EngineAnnouncement } from "../cluster/engine-state.ts";
import type { Engine } from "../cluster/engine.ts";
import { Sleeper } from "../cluster/sleeper.ts";
import type { EngineSettings } from "../config.ts";
import type { EngineEvent } from "../docker/types.ts";
import type { Leadership, Term } from "../replication/leadership.ts";
import { until } from "../store/deadline.ts";
import type { Store } from "../store/store.ts";
import { messages } from "../telemetry/messages.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import { EngineWatch } from "./engine-watch.ts";
import { IdleCopies } from "./idle-copies.ts";
import { Mover } from "./moves/mover.ts";
import { CopyRemover } from "./moves/copy-remover.ts";
import { OpenMoves } from "./open-moves.ts";
import { rowOf } from "./pending-moves.ts";
import {
  stays,
  type Announce,
  type Moves,
  type PendingMove,
  type PlannedMove,
  type PlannedOutcome,
  type Recreate,
  type RescheduleOptions,
} from "./ports.ts";
import { engineProbe } from "./probe.ts";
import { Reconciler } from "./reconciler.ts";
import { AbsentContainers } from "./wanted/absent-containers.ts";
import { BookReading } from "./wanted/book-reading.ts";
import { WantedBook } from "./wanted/book.ts";
import { Recorder } from "./wanted/recorder.ts";
import type { UserWishes } from "./wanted/user-wishes.ts";

export interface ReschedulerDependencies {
  readonly cluster: Cluster;
  readonly store: Store;
  /** In its terms, and only then, this manager moves containers. */
  readonly leadership: Leadership;
  readonly recreate: Recreate;
  readonly announce: Announce;
  readonly options: RescheduleOptions;
  readonly settings: EngineSettings;
  /** How engines are reached; undefined: by plain HTTP. */
  readonly tls?: TlsIdentity | undefined;
  readonly log: Logger;
  readonly random: () => number;
}

/** Between two looks at everything, milliseconds: while something is not as it should be, and else. */
const PASS_EVERY_MS = { unsettled: 1_000, settled: 5_000 };
/** A pass over a large cluster in trouble takes a tenth of a second; so much more than it took is left to others. */
const PASS_SHARE = 10;
/** Between two passes whatever happens: engines often come and go by the dozen, milliseconds. */
const PASS_GAP_MS = 50;

/** One term's work. */
interface Serving {
  readonly term: Term;
  readonly reconciler: Reconciler;
  /** Ends with the term, and with this manager. */
  readonly signal: AbortSignal;
}

/** Keeps containers running that may be moved, wherever there is room (spec: node-lifecycle.md §8): {@link Reconciler} with its terms around it. */
export class Rescheduler implements Moves, AsyncDisposable {
  readonly wishes: UserWishes;
  readonly absent: AbsentContainers;
  readonly #dependencies: ReschedulerDependencies;
  readonly #book: WantedBook;
  readonly #recorder: Recorder;
  readonly #mover: Mover;
  readonly #remover: CopyRemover;
  readonly #watch: EngineWatch;
  readonly #idle = new IdleCopies(Date.now);
  readonly #sleeper = new Sleeper();
  readonly #closing = new AbortController();
  readonly #planned: OpenMoves;
  readonly #reading: BookReading;
  #serving: Serving | undefined;
  #running: Promise<void> = Promise.resolve();
  /** Something changed since the last pass. */
  #news = true;

  constructor(dependencies: ReschedulerDependencies) {
    this.#dependencies = dependencies;
    const { cluster, store, leadership, recreate, announce, options, settings, tls, log, random } =
      dependencies;
    this.#book = new WantedBook({ store, log });
    const leads = (): boolean => this.#serving !== undefined && leadership.term !== undefined;
    this.#recorder = new Recorder({ cluster, book: this.#book, leads, log, now: Date.now });
    this.wishes = this.#recorder;
    const changed = (): void => this.#lookSoon();
    this.#reading = new BookReading({ book: this.#book, log, random });
    const reading = (): Promise<void> | undefined => this.#reading.current;
    this.absent = new AbsentContainers({
      ...{ cluster, book: this.#book, leads, reading, changed, log, now: Date.now },
    });
    this.#mover = new Mover({ cluster, book: this.#book, recreate, announce, options, log });
    this.#remover = new CopyRemover({ book: this.#book, announce, options, log });
    this.#planned = new OpenMoves({ book: this.#book, mover: this.#mover, now: Date.now });
    this.#watch = new EngineWatch({
      cluster,
      probe: engineProbe(tls),
      settings,
      removedMs: options.removedMs,
      now: Date.now,
      random,
      changed,
    });
  }

  // ── What happens ──────────────────────────────────────────────────────────────────────────────────────────────

  onEngineEvent(engine: Engine, event: EngineEvent): void {
    this.#recorder.onEngineEvent(engine, event);
  }

  onEngineChange(engine: Engine, action: EngineAnnouncement): void {
    const isBack = action !== "engine_disconnect";
    if (isBack) this.#watch.back(engine);
    else {
      this.#watch.away(engine);
      this.#planned.endOff(engine);
    }
    this.#recorder.onEngineChange(engine, action);
    const reconciler = this.#serving?.reconciler;
    if (reconciler === undefined) return;
    if (isBack) {
      this.#dependencies.log.debug(messages.removingDuplicates(engine.id));
      reconciler.roomMayBe();
    } else reconciler.engineFailed(engine);
    this.#lookSoon();
  }

  #lookSoon(): void {
    this.#news = true;
    this.#sleeper.wake();
  }

  // ── Terms ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Works until the signal; never rejects. */
  run(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(AbortSignal.any([signal, this.#closing.signal]));
    return this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let terms = Promise.resolve();
    const end = this.#dependencies.leadership.onTerm((term) => {
      terms = terms
        .then(() => this.#serve(term, AbortSignal.any([term.lost, signal])))
        .catch((error: unknown) => this.#dependencies.log.error({ err: error }, "rescheduling ended early"));
    });
    await until(signal);
    end();
    await terms;
  }

  async #serve(term: Term, signal: AbortSignal): Promise<void> {
    const { log, cluster, announce, options, settings, random } = this.#dependencies;
    if (isOver(signal)) return;
    log.debug({ term: term.number }, messages.watchdogEnabled);
    await this.#reading.read(signal);
    if (isOver(signal)) return;
    const reconciler = new Reconciler(term, {
      cluster,
      book: this.#book,
      mover: this.#mover,
      remover: this.#remover,
      watch: this.#watch,
      inDoubt: ({ swarmId }, copy) =>
        (copy !== undefined && this.#idle.isNews(copy)) || this.#recorder.isSettling(swarmId),
      announce,
      options,
      settings,
      log,
      now: Date.now,
      random,
      after: (ms, ring) => {
        const timer = setTimeout(ring, ms);
        return () => clearTimeout(timer);
      },
      changed: () => this.#lookSoon(),
    });
    this.#serving = { term, reconciler, signal };
    try {
      await this.#watchOver(reconciler, signal);
    } finally {
      this.#serving = undefined;
      await reconciler.stop();
    }
  }

  async #watchOver(reconciler: Reconciler, signal: AbortSignal): Promise<void> {
    let passedAt = -Infinity;
    this.#news = true;
    while (!isOver(signal)) {
      this.#orLog("looking at what containers do failed", () => this.#recorder.review());
      if (this.#news || reconciler.isUnsettled || performance.now() - passedAt >= PASS_EVERY_MS.settled) {
        this.#news = false;
        passedAt = performance.now();
        this.#orLog("looking for containers to move failed", () => reconciler.pass());
        await gap(Math.max(PASS_GAP_MS, PASS_SHARE * (performance.now() - passedAt)), signal);
      }
      await this.#sleeper.sleep(PASS_EVERY_MS.unsettled, signal);
    }
  }

  /** What fails over one container must not end the term's work for all the others. */
  #orLog(message: string, look: () => void): void {
    try {
      look();
    } catch (error) {
      this.#dependencies.log.error({ err: error }, message);
    }
  }

  // ── What operators ask ────────────────────────────────────────────────────────────────────────────────────────

  get ready(): boolean {
    return this.#serving !== undefined;
  }

  pending(): readonly PendingMove[] {
    const reconciler = this.#serving?.reconciler;
    const rows = this.#planned.rows();
    for (const each of reconciler?.cases.values() ?? []) {
      rows.push(rowOf(each, reconciler?.queue.state(each.wanted.swarmId)));
    }
    return rows.sort((a, b) => a.sinceMs - b.sinceMs);
  }

  retry(reference: string): boolean {
    const bare = reference.startsWith("/") ? reference.slice(1) : reference;
    const reconciler = this.#serving?.reconciler;
    for (const { wanted } of reconciler?.cases.values() ?? []) {
      const { swarmId, name, last } = wanted;
      if (![swarmId, last.containerId, name].includes(bare) || bare === "") continue;
      reconciler?.hurry(swarmId);
      this.#lookSoon();
      return true;
    }
    return false;
  }

  obstacle(record: ContainerRecord): string | undefined {
    return this.#planned.obstacle(record);
  }

  async move(move: PlannedMove): Promise<PlannedOutcome> {
    if (this.#serving === undefined) return stays("this manager does not lead");
    const { term, reconciler, signal } = this.#serving;
    const outcome = await this.#planned.move(move, { term, queue: reconciler.queue, signal });
    this.#lookSoon();
    return outcome;
  }

  /** Ends what is under way at a point where another manager can go on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await this.#recorder[Symbol.asyncDispose]();
    await this.#book[Symbol.asyncDispose]();
  }
}

/** Nothing shortens it but the end. */
const gap = (ms: number, signal: AbortSignal): Promise<void> => new Sleeper().sleep(ms, signal);

/** Asked again and again: a call keeps the compiler from taking the first answer for good. */
const isOver = (signal: AbortSignal): boolean => signal.aborted;
