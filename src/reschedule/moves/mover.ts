import type { Logger } from "pino";
import type { Cluster } from "../../cluster/cluster.ts";
import { RESCHEDULED_FROM_LABEL, type ContainerRecord } from "../../cluster/container-record.ts";
import { isPortTaken } from "../../docker/refusals.ts";
import { errorText } from "../../errors.ts";
import { messages } from "../../telemetry/messages.ts";
import {
  stays,
  type Announce,
  type MoveReason,
  type PlannedMove,
  type PlannedOutcome,
  type Recreate,
  type RescheduleOptions,
} from "../ports.ts";
import type { WantedBook } from "../wanted/book.ts";
import { swarmIdOf } from "../wanted/policy.ts";
import { otherCopy } from "../other-copy.ts";
import type { WantedContainer } from "../wanted/wanted.ts";
import { Acting } from "./acting.ts";
import type { Attempt } from "./attempt.ts";
import { CopyMaker } from "./copy-maker.ts";
import { findCopy } from "./find-copy.ts";
import { Obstacles } from "./obstacle.ts";
import { dropLostRecords, eventNodeOf, isBare, movedTo } from "./place.ts";
import { PlannedMoves } from "./planned.ts";
import { Relocation, StartFailedError, type Origin } from "./relocation.ts";
import { discardCopy } from "./remove-copy.ts";

export interface MoverDependencies {
  readonly cluster: Cluster;
  readonly book: Pick<WantedBook, "get" | "put" | "hold" | "unknownCopies">;
  readonly recreate: Recreate;
  readonly announce: Announce;
  readonly options: RescheduleOptions;
  readonly log: Logger;
}

/** A copy that failed to start so often is given up for one on another engine. */
const MAX_FAILED_STARTS = 5;

/** Makes and starts containers in other places, step by step, so that any step can be the last one and the next attempt goes on from there. */
export class Mover {
  readonly #dependencies: MoverDependencies;
  readonly #maker: CopyMaker;
  readonly #relocation: Relocation;
  readonly #plannedMoves: PlannedMoves;
  /** Of this moment. */
  #obstacles: Obstacles | undefined;

  constructor(dependencies: MoverDependencies) {
    this.#dependencies = dependencies;
    this.#maker = new CopyMaker(dependencies);
    this.#relocation = new Relocation(dependencies, this.#maker);
    this.#plannedMoves = new PlannedMoves(dependencies, this.#relocation);
  }

  /**
   * The container's engine is lost: makes it anew elsewhere, or goes on with the copy an earlier attempt made. The book knows the new place when it
   * resolves. @throws Error whose message says why it did not work; another attempt may
   */
  async reschedule(attempt: Attempt): Promise<void> {
    const { cluster } = this.#dependencies;
    const { wanted } = attempt;
    const acting = new Acting(attempt);
    acting.fence();
    using _name = this.#hold(wanted.name);
    await this.#maker.settleDoubts(wanted, acting);
    const found = findCopy(cluster, wanted);
    if (found?.kind === "done") await this.#adopt(wanted, found.record);
    else await this.#run(wanted, found?.record, acting);
  }

  /** It is where it was last, but does not run since its engine failed. @throws Error */
  async startInPlace(attempt: Attempt, record: ContainerRecord): Promise<void> {
    const { wanted } = attempt;
    const acting = new Acting(attempt);
    acting.fence();
    using _name = this.#hold(wanted.name);
    const isUnfinished =
      record.inspect.State.Status === "created" && record.labels[RESCHEDULED_FROM_LABEL] !== undefined;
    if (isUnfinished) {
      await this.#run(wanted, record, acting);
      return;
    }
    this.#dependencies.log.info(messages.startingRescheduled(record.id, record.id));
    await this.#relocation.start(wanted, record, originAt(record), acting);
  }

  /** Why this container cannot be moved while its engine is well; undefined: it can. Those who ask about many containers ask at one moment. */
  obstacle(wanted: WantedContainer | undefined, record: ContainerRecord): string | undefined {
    if (this.#obstacles === undefined) {
      this.#obstacles = this.#look();
      queueMicrotask(() => (this.#obstacles = undefined));
    }
    return this.#obstacle(this.#obstacles, wanted, record);
  }

  #look(): Obstacles {
    return new Obstacles((record) => this.#dependencies.book.get(swarmIdOf(record)));
  }

  #obstacle(
    obstacles: Obstacles,
    wanted: WantedContainer | undefined,
    record: ContainerRecord,
  ): string | undefined {
    const obstacle = obstacles.of(record) ?? otherCopy(this.#dependencies.cluster, record);
    if (obstacle !== undefined) return obstacle;
    // The record of a look-alike is about the container proper.
    if (wanted === undefined || wanted.last.containerId === record.id) return undefined;
    return `${wanted.name} is another container with its swarm ID`;
  }

  /** Moves a container that runs well. Never rejects. */
  async planned(attempt: Attempt, move: PlannedMove): Promise<PlannedOutcome> {
    const { wanted } = attempt;
    const { reason } = move;
    const acting = new Acting(attempt);
    const release = this.#dependencies.book.hold(wanted.swarmId);
    try {
      acting.fence();
      // It has waited for its turn.
      const record = this.#dependencies.cluster.containers.byId(move.record.id);
      if (record?.engine !== move.record.engine) return stays("it is not there any more");
      if (!record.engine.isHealthy) return stays(`${record.engine.name} does not answer`);
      const obstacle = this.#obstacle(this.#look(), wanted, record);
      if (obstacle !== undefined) return stays(obstacle);
      using _name = this.#hold(wanted.name);
      this.#announceStart(wanted, { origin: originAt(record), reason });
      const outcome = await this.#plannedMoves.move(wanted, { ...move, record }, acting);
      const copy =
        outcome.kind === "moved"
          ? this.#dependencies.cluster.containers.byId(outcome.containerId)
          : undefined;
      if (copy !== undefined) this.#settled(wanted, { origin: originAt(record), reason }, copy);
      return outcome;
    } catch (error) {
      return stays(errorText(error));
    } finally {
      release();
    }
  }

  // ── Steps ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #hold(name: string): Disposable {
    const release = name === "" ? () => undefined : this.#dependencies.cluster.holdName(name);
    return { [Symbol.dispose]: release };
  }

  /** There is a copy that runs, or has run, which the book does not know of. */
  async #adopt(wanted: WantedContainer, copy: ContainerRecord): Promise<void> {
    const { book, log } = this.#dependencies;
    const { last } = wanted;
    if (last.containerId !== copy.id) {
      await book.put(movedTo(this.#relocation.current(wanted), copy));
      log.info(messages.rescheduled(last.containerId, last.node, copy.engine.name, copy.id));
    }
    this.#settled(wanted, { origin: last, reason: "node-failure" }, copy);
  }

  /**
   * Sees to it that a copy runs, or is there if it shall not run: the one an earlier attempt left, or a new one. One that cannot start where it is
   * gives way to one elsewhere, once that is made.
   */
  async #run(
    wanted: WantedContainer,
    unfinished: ContainerRecord | undefined,
    acting: Acting,
  ): Promise<void> {
    const { last } = wanted;
    const origin = this.#originOf(wanted, unfinished);
    this.#announceStart(wanted, { origin, reason: "node-failure" });
    const addressesLost =
      unfinished === undefined ? await this.#relocation.release(wanted, origin, acting) : new Set<string>();
    const excluded = new Set<string>();
    const make = (): Promise<ContainerRecord> =>
      this.#relocation.make(wanted, { origin, addressesLost, excluded }, acting);
    if (unfinished === undefined && !isBare(this.#dependencies.cluster, last))
      excluded.add(`${last.engineId}|${last.addr}`);
    let copy = unfinished ?? (await make());
    for (;;) {
      try {
        await this.#relocation.bringUp(wanted, copy, { origin, addressesLost }, acting);
        break;
      } catch (error) {
        if (!this.#mayStartElsewhere(wanted, copy, error)) throw error;
        excluded.add(copy.engine.id);
        const next = await make().catch((other: unknown) => {
          throw new Error(`${errorText(error)}; ${errorText(other)}`, { cause: error });
        });
        await this.#discard(copy, acting);
        copy = next;
      }
    }
    this.#settled(wanted, { origin, reason: "node-failure" }, copy);
  }

  #mayStartElsewhere(wanted: WantedContainer, copy: ContainerRecord, error: unknown): boolean {
    if (!(error instanceof StartFailedError)) return false;
    return isPortTaken(error.cause) || this.#relocation.failedStarts(wanted, copy) >= MAX_FAILED_STARTS;
  }

  /** A copy that never ran, and for which there is another: if it cannot be removed now, it goes as a duplicate later. */
  async #discard(copy: ContainerRecord, acting: Acting): Promise<void> {
    try {
      await discardCopy(copy, acting);
    } catch (error) {
      acting.fence();
      this.#dependencies.log.warn(
        { container: copy.id, err: error },
        "a copy that did not start is left behind",
      );
    }
  }

  #originOf({ last }: WantedContainer, unfinished: ContainerRecord | undefined): Origin {
    if (unfinished?.id !== last.containerId) return last;
    const containerId = unfinished.labels[RESCHEDULED_FROM_LABEL] ?? last.containerId;
    return { containerId, node: this.#dependencies.cluster.containers.byId(containerId)?.engine.name ?? "" };
  }

  #announceStart({ swarmId, name, last }: WantedContainer, { origin, reason }: Move): void {
    const { announce, cluster } = this.#dependencies;
    const attributes = { name, container: origin.containerId, from: origin.node, reason };
    announce({ action: "reschedule_start", node: eventNodeOf(cluster, last), actorId: swarmId, attributes });
  }

  /** It is where it should be. */
  #settled({ swarmId, name }: WantedContainer, { origin, reason }: Move, copy: ContainerRecord): void {
    const { cluster, announce } = this.#dependencies;
    dropLostRecords(cluster, copy);
    const attributes = { name, container: copy.id, from: origin.node, to: copy.engine.name, reason };
    announce({ action: "reschedule_done", node: copy.engine, actorId: swarmId, attributes });
  }
}

/** A container on its way. */
interface Move {
  readonly origin: Origin;
  readonly reason: MoveReason;
}

const originAt = ({ id, engine }: ContainerRecord): Origin => ({ containerId: id, node: engine.name });
