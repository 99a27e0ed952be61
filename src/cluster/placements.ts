import type { Scheduler } from "../scheduler/scheduler.ts";
import { CandidatePool } from "../scheduler/pool/candidate-pool.ts";
import type { PlacementRequest, PlacementResult, Refusal } from "../scheduler/types.ts";
import type { ContainerIndex } from "./container-index.ts";
import { EngineCandidate, reservation, type Reservation } from "./engine-candidate.ts";

/** A place that is held, or why there is none. */
export type Placed =
  | { readonly kind: "placed"; readonly reservation: Reservation }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** Choosing engines, and holding what was chosen until the container is there. */
export class Placements {
  readonly #scheduler: Scheduler;
  readonly #pool: CandidatePool;
  /** Names on their way to a container, and who holds them. */
  readonly #reservedNames = new Map<string, object>();

  /** @param containers of all engines that take part */
  constructor(scheduler: Scheduler, containers: Pick<ContainerIndex, "mentioned">) {
    this.#scheduler = scheduler;
    this.#pool = new CandidatePool(function* (reference) {
      for (const { engine } of containers.mentioned(reference)) yield engine.candidate;
    });
  }

  /** The engine may be chosen whenever it takes part. In the order of the cluster. */
  add(candidate: EngineCandidate): void {
    this.#pool.add(candidate);
  }
  remove(candidate: EngineCandidate): void {
    this.#pool.remove(candidate);
  }

  /** Chooses engines without reserving anything, best first. */
  rank(request: PlacementRequest): PlacementResult {
    return this.#scheduler.place(request, this.#pool.field());
  }

  /**
   * Chooses an engine and holds name, ports, memory and CPUs on it until released. Runs without an await, so two requests cannot
   * get the same thing.
   * @throws Error when the name is reserved
   */
  place(request: PlacementRequest, swarmId: string, labels: Readonly<Record<string, string>>): Placed {
    this.#mustBeFree(request.name);
    const result = this.#scheduler.place(request, this.#pool.field(), "best");
    if (result.kind === "refused") return result;
    const [best] = result.ranked;
    if (!(best instanceof EngineCandidate))
      throw new TypeError("the scheduler answered with a candidate not given to it");
    const reserved = reservation(best.engine, swarmId, labels, request);
    best.reserve(reserved);
    if (request.name !== "") this.#reservedNames.set(request.name, reserved);
    return { kind: "placed", reservation: reserved };
  }

  /** The container is in the cluster's state now, or will not come. */
  release(reserved: Reservation): void {
    reserved.engine.candidate.release(reserved);
    const [name] = reserved.names;
    if (name !== undefined) this.#letGo(name, reserved);
  }

  /** Is the name on its way to a container? */
  isReserved(name: string): boolean {
    return this.#reservedNames.has(name);
  }

  /** Holds a name while a container is renamed; the answer lets go of it. @throws Error when it is held already */
  holdName(name: string): () => void {
    this.#mustBeFree(name);
    const holder = {};
    this.#reservedNames.set(name, holder);
    return () => this.#letGo(name, holder);
  }

  #letGo(name: string, holder: object): void {
    if (this.#reservedNames.get(name) === holder) this.#reservedNames.delete(name);
  }

  /** Two holders of one name would let go of each other's. */
  #mustBeFree(name: string): void {
    if (this.#reservedNames.has(name)) throw new Error(`the name ${name} is reserved already`);
  }
}
