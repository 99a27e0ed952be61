import type { ContainerCreateBody } from "../../docker/types.ts";
import type { PlacementRequest } from "../../scheduler/types.ts";

/** What a client asked for, kept until its container has run. */
export interface CreateIntent {
  readonly request: PlacementRequest;
  /** As parsed and rewritten, but not yet for one engine. */
  readonly body: ContainerCreateBody;
  readonly swarmId: string;
  /** `name=…&platform=…` */
  readonly query: string;
  readonly clientVersion: string | undefined;
  readonly registryAuth: string | undefined;
}

/** Containers created but not yet started that are remembered. */
const MAX_INTENTS = 10_000;

/** The create requests of containers that have not started yet, in memory only: credentials never reach a disk. */
export class CreateIntents {
  readonly #intents = new Map<string, CreateIntent>();

  set(containerId: string, intent: CreateIntent): void {
    this.#intents.set(containerId, intent);
    for (const oldest of this.#intents.keys()) {
      if (this.#intents.size <= MAX_INTENTS) break;
      this.#intents.delete(oldest);
    }
  }

  get(containerId: string): CreateIntent | undefined {
    return this.#intents.get(containerId);
  }

  delete(containerId: string): void {
    this.#intents.delete(containerId);
  }
}
