import type { ContainerRecord } from "../cluster/container-record.ts";
import type { Engine } from "../cluster/engine.ts";
import { errorText } from "../errors.ts";
import type { Term } from "../replication/leadership.ts";
import type { Mover } from "./moves/mover.ts";
import { stays, type PendingMove, type PlannedMove, type PlannedOutcome } from "./ports.ts";
import type { WantedBook } from "./wanted/book.ts";
import { swarmIdOf } from "./wanted/policy.ts";
import type { WorkQueue } from "./work-queue.ts";

/** A planned move that has not ended. */
interface OpenMove {
  readonly move: PlannedMove;
  readonly swarmId: string;
  /** Unix milliseconds. */
  readonly sinceMs: number;
  /** Ends it when the node it leaves is lost. */
  readonly lost: AbortController;
  /** Set when its turn has come. */
  moving: boolean;
}

export interface OpenMovesDependencies {
  readonly book: Pick<WantedBook, "get">;
  readonly mover: Pick<Mover, "planned" | "obstacle">;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The term in which a planned move is made. */
export interface MovingTerm {
  readonly term: Term;
  readonly queue: WorkQueue;
  /** Ends with the term, and with this manager. */
  readonly signal: AbortSignal;
}

/** Planned moves, which take their turns among those that are needed. */
export class OpenMoves {
  readonly #dependencies: OpenMovesDependencies;
  readonly #open = new Set<OpenMove>();

  constructor(dependencies: OpenMovesDependencies) {
    this.#dependencies = dependencies;
  }

  rows(): PendingMove[] {
    return [...this.#open].map(rowOf);
  }

  /** From a node that is lost, nothing is moved by stopping and removing: rescheduling takes over. */
  endOff(engine: Engine): void {
    for (const { move, lost } of this.#open) {
      if (move.record.engine === engine) lost.abort(new Error(`${engine.name} was lost`));
    }
  }

  obstacle(record: ContainerRecord): string | undefined {
    const { book, mover } = this.#dependencies;
    return mover.obstacle(book.get(swarmIdOf(record)), record);
  }

  /** Never rejects. */
  async move(move: PlannedMove, { term, queue, signal }: MovingTerm): Promise<PlannedOutcome> {
    const { book, mover, now } = this.#dependencies;
    const swarmId = swarmIdOf(move.record);
    const wanted = book.get(swarmId);
    const why = mover.obstacle(wanted, move.record);
    if (why !== undefined) return stays(why);
    if (wanted === undefined) return stays("nothing is known of how to make it again");
    if (queue.isBusy(swarmId)) return stays("it is being moved already");
    const lost = new AbortController();
    const open: OpenMove = { move, swarmId, sinceMs: now(), lost, moving: false };
    this.#open.add(open);
    try {
      const ends = AbortSignal.any([move.signal, signal, lost.signal]);
      return await queue.once(swarmId, ends, (attempt) => {
        open.moving = true;
        return mover.planned({ wanted: book.get(swarmId) ?? wanted, term, signal: attempt }, move);
      });
    } catch (error) {
      return stays(errorText(error));
    } finally {
      this.#open.delete(open);
    }
  }
}

function rowOf({ move: { record, reason }, swarmId, sinceMs, moving }: OpenMove): PendingMove {
  return {
    swarmId,
    name: record.names[0] ?? "",
    containerId: record.id,
    from: record.engine.name,
    reason,
    state: moving ? "moving" : "waiting",
    sinceMs,
    attempts: moving ? 1 : 0,
    lastError: "",
    nextTryMs: undefined,
  };
}
