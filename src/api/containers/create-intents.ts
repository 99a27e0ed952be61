import type { Engine } from "../../cluster/engine.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import type { PlacementRequest } from "../../scheduler/types.ts";

/** What a client asked for, kept until its container has run, was changed, or is gone. */
export interface CreateIntent {
  readonly request: PlacementRequest;
  /** As parsed and rewritten, but not yet for one engine. */
  readonly body: ContainerCreateBody;
  readonly swarmId: string;
  /** `name=…&platform=…` */
  readonly query: string;
  readonly clientVersion: string | undefined;
  readonly registryAuth: string | undefined;
  /** See `Exchange`. */
  readonly recheck?: (() => void) | undefined;
  /** IDs the container had on other engines; they go on working as references. */
  readonly replaces?: readonly string[] | undefined;
  /** The engine was lost while it was asked: it may have the container, and nobody is told of it. */
  readonly orphaned?: ((engine: Engine) => void) | undefined;
  /** Makes the chosen engine ready before it is asked to create. Its errors are the create's. */
  readonly prepare?: ((engine: Engine) => Promise<void>) | undefined;
}

/** What all remembered bodies may take together, characters; a create body is a few kilobytes. */
const MAX_CHARS = 32 << 20;

interface Kept {
  readonly intent: CreateIntent;
  readonly chars: number;
}

/**
 * The create requests of containers that have not started yet, in memory only: credentials never reach a disk. One that is no longer the
 * whole truth about its container (renamed, updated, files copied in) must be deleted, or a move would undo the change.
 */
export class CreateIntents {
  readonly #kept = new Map<string, Kept>();
  readonly #starting = new Map<string, Promise<unknown>>();
  #chars = 0;

  set(containerId: string, intent: CreateIntent): void {
    this.delete(containerId);
    const chars = JSON.stringify(intent.body).length;
    this.#kept.set(containerId, { intent, chars });
    this.#chars += chars;
    for (const oldest of this.#kept.keys()) {
      if (this.#chars <= MAX_CHARS) break;
      this.delete(oldest);
    }
  }

  get(containerId: string): CreateIntent | undefined {
    return this.#kept.get(containerId)?.intent;
  }

  delete(containerId: string): void {
    this.#chars -= this.#kept.get(containerId)?.chars ?? 0;
    this.#kept.delete(containerId);
  }

  /** Starts a container once, however many ask at the same time: two moves of one container would leave two. */
  startOnce<T>(containerId: string, start: () => Promise<T>): Promise<T> {
    const underWay = this.#starting.get(containerId);
    if (underWay !== undefined) return underWay as Promise<T>;
    const run = start().finally(() => this.#starting.delete(containerId));
    this.#starting.set(containerId, run);
    return run;
  }
}
