import type { Logger } from "pino";
import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import type { DrainTerm } from "../../cluster/node-settings.ts";
import { Sleeper } from "../../cluster/sleeper.ts";
import type { NodeBook } from "../../nodes/node-book.ts";
import type { Leadership, Term } from "../../replication/leadership.ts";
import { until } from "../../store/deadline.ts";
import type { Announce, Moves } from "../ports.ts";
import type { DrainProgress, DrainView } from "./drain-view.ts";
import { NodeDrain, type DrainItem, type DrainTimes } from "./node-drain.ts";

/** Where nobody said otherwise: how long what cannot be moved is tried again, milliseconds. */
const DEFAULT_DRAIN_MS = 600_000;
/** Between two looks at draining nodes, milliseconds. */
const LOOK_MS = 1_000;
/** Between two looks for nodes that drain, where nothing told of a change. */
const IDLE_MS = 10_000;

export interface DrainsDependencies {
  readonly cluster: Pick<Cluster, "members">;
  readonly nodes: Pick<NodeBook, "of" | "onChange">;
  readonly moves: Pick<Moves, "ready" | "obstacle" | "move">;
  /** In its terms, and only then, nodes are drained: a new primary goes on where the last one stopped. */
  readonly leadership: Leadership;
  readonly announce: Announce;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** One node that drains, and the engine it was last seen as. */
interface Job {
  readonly engine: Engine;
  readonly drain: NodeDrain;
  /** Its end was told, and nothing has begun since. */
  told: boolean;
}

/**
 * Moves what may move off nodes whose availability is `drain`, for as long as it is: also containers that appear there later. What is under way when a
 * node becomes active again, or this manager stops leading, is finished, or ended by whoever moves it.
 */
export class Drains implements DrainView, AsyncDisposable {
  readonly #dependencies: DrainsDependencies;
  readonly #now: () => number;
  readonly #life = new AbortController();
  readonly #sleeper = new Sleeper();
  /** By engine ID. */
  readonly #jobs = new Map<string, Job>();
  readonly #under = new Set<Promise<void>>();
  #work: Promise<void> = Promise.resolve();

  constructor(dependencies: DrainsDependencies) {
    this.#dependencies = dependencies;
    this.#now = dependencies.now ?? Date.now;
  }

  progress(engineId: string): DrainProgress | undefined {
    return this.#jobs.get(engineId)?.drain.progress;
  }

  /** Drains in every term until the signal; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { leadership, nodes } = this.#dependencies;
    const stop = AbortSignal.any([signal, this.#life.signal]);
    const endChanges = nodes.onChange(() => this.#sleeper.wake());
    // One after another: what the last term left must have ended first.
    const endTerms = leadership.onTerm((term) => {
      this.#work = this.#work.then(() => this.#reign(term, AbortSignal.any([stop, term.lost])));
    });
    await until(stop);
    endTerms();
    endChanges();
    await this.#work;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    await this.#work;
  }

  async #reign(term: Term, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { ready } = this.#dependencies.moves;
      try {
        if (ready && term.held()) this.#look(signal);
      } catch (error) {
        this.#dependencies.log.error({ err: error }, "looking for containers to drain failed");
      }
      const pauseMs = !ready || this.#jobs.size > 0 ? LOOK_MS : IDLE_MS;
      await this.#sleeper.sleep(pauseMs * (0.9 + this.#dependencies.random() * 0.2), signal);
    }
    await Promise.all(this.#under);
    this.#jobs.clear();
  }

  /** One look at every node: no await, so what it sees is of one moment. */
  #look(signal: AbortSignal): void {
    const { cluster, nodes, log } = this.#dependencies;
    const draining = new Set<string>();
    for (const engine of cluster.members()) {
      const settings = nodes.of(engine.engineId);
      if (settings?.availability !== "drain") continue;
      draining.add(engine.engineId);
      this.#continue(this.#job(engine, settings.drain), signal);
    }
    for (const [engineId, { engine, told }] of this.#jobs) {
      if (draining.has(engineId)) continue;
      this.#jobs.delete(engineId);
      if (!told) log.info({ node: engine.name }, "Drain called off");
    }
  }

  #job(engine: Engine, asked: DrainTerm | undefined): Job {
    const { announce, log } = this.#dependencies;
    const known = this.#jobs.get(engine.engineId);
    const now = this.#now();
    const times = asked === undefined ? (known?.drain.times ?? timesFrom(now)) : timesOf(asked);
    if (known !== undefined && sameTimes(times, known.drain.times)) {
      if (known.engine === engine) return known;
      // The same daemon at another address.
      const job = { ...known, engine };
      this.#jobs.set(engine.engineId, job);
      return job;
    }
    known?.drain.restart(times);
    const job = { engine, drain: known?.drain ?? new NodeDrain(times, now), told: false };
    this.#jobs.set(engine.engineId, job);
    const deadline = new Date(times.deadlineMs).toISOString();
    log.info({ node: engine.name, deadline }, "Draining node");
    announce({ action: "drain_start", node: engine, actorId: "", attributes: { deadline } });
    return job;
  }

  #continue(job: Job, signal: AbortSignal): void {
    const { moves } = this.#dependencies;
    const { engine, drain } = job;
    const records = new Map<DrainItem, ContainerRecord>();
    for (const record of engine.cache.inventory.containers.values())
      records.set(itemOf(record, moves.obstacle(record)), record);
    for (const item of drain.begin([...records.keys()], engine.isHealthy, this.#now())) {
      const record = records.get(item);
      if (record !== undefined) this.#start(job, item, record, signal);
    }
    this.#tell(job);
  }

  #start(job: Job, item: DrainItem, record: ContainerRecord, signal: AbortSignal): void {
    const { moves, random, log } = this.#dependencies;
    const { drain, engine } = job;
    const under = moves
      .move({ record, reason: "drain", signal })
      .then((outcome) => {
        drain.settle(item, outcome, this.#now(), random());
        const about = { node: engine.name, container: item.name };
        if (outcome.kind === "moved") log.info({ ...about, to: outcome.to.name }, "Drained container");
        else log.info({ ...about, why: outcome.why }, "Container not drained yet");
      })
      .finally(() => {
        this.#under.delete(under);
        this.#sleeper.wake();
      });
    this.#under.add(under);
  }

  /** Says once that the drain is over; again when it went on meanwhile. */
  #tell(job: Job): void {
    const { announce, log } = this.#dependencies;
    const { drain, engine } = job;
    const { state } = drain.progress;
    if (state === "running") {
      job.told = false;
      return;
    }
    if (job.told) return;
    job.told = true;
    const facts = { moved: String(drain.movedCount), stays: String(drain.staysCount) };
    const about = { node: engine.name, ...facts };
    if (state === "done") log.info(about, "Node drained");
    else log.warn(about, "Node not drained in time: see swarm node inspect");
    announce({ action: "drain_done", node: engine, actorId: "", attributes: { state, ...facts } });
  }
}

const timesFrom = (startedMs: number): DrainTimes => ({
  startedMs,
  deadlineMs: startedMs + DEFAULT_DRAIN_MS,
});
const timesOf = ({ sinceMs, deadlineMs }: DrainTerm): DrainTimes => ({
  startedMs: sinceMs,
  deadlineMs: deadlineMs ?? sinceMs + DEFAULT_DRAIN_MS,
});
const sameTimes = (a: DrainTimes, b: DrainTimes): boolean =>
  a.startedMs === b.startedMs && a.deadlineMs === b.deadlineMs;

function itemOf({ id, names, swarmId }: ContainerRecord, obstacle: string | undefined): DrainItem {
  return { id, name: names[0] ?? id.slice(0, 12), swarmId, obstacle };
}
