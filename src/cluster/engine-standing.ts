import type { Logger } from "pino";
import type { EngineEvent } from "../docker/types.ts";
import type { EngineContext } from "./engine-context.ts";
import {
  announcement,
  initialState,
  nextState,
  type EngineLifeEvent,
  type EngineState,
} from "./engine-state.ts";
import type { Engine } from "./engine.ts";

/** Where an engine stands with the cluster, and telling the cluster of every change. A listener's bug stays the listener's. */
export class EngineStanding {
  readonly #engine: Engine;
  readonly #context: EngineContext;
  #state: EngineState = initialState;
  #updatedAt = 0;
  /** Gets the engine's name and ID once they are known. */
  log: Logger;

  constructor(engine: Engine, context: EngineContext) {
    this.#engine = engine;
    this.#context = context;
    this.log = context.log.child({ addr: engine.addr });
  }

  get state(): EngineState {
    return this.#state;
  }
  /** Last contact, or failure to get one; Unix milliseconds. */
  get updatedAt(): number {
    return this.#updatedAt;
  }
  /** Validated once and not lost since: its containers are part of the cluster. */
  get isMember(): boolean {
    return this.#state.kind === "healthy" || this.#state.kind === "unhealthy";
  }

  /** There was contact, or an attempt at it. */
  touch(): void {
    this.#updatedAt = Date.now();
  }

  /** @returns the new state */
  apply(event: EngineLifeEvent): EngineState {
    const from = this.#state;
    this.#state = nextState(from, event, this.#context.settings.failureRetry);
    this.#engine.candidate.nodeChanged();
    const action = announcement(from, this.#state);
    if (action !== undefined) this.#tell(() => this.#context.announce(this.#engine, action));
    return this.#state;
  }

  /** Tells what happened on a member. */
  publish(event: EngineEvent): void {
    if (this.isMember) this.#tell(() => this.#context.publish(this.#engine, event));
  }

  #tell(say: () => void): void {
    try {
      say();
    } catch (error) {
      this.log.error({ err: error }, "a listener failed");
    }
  }
}
