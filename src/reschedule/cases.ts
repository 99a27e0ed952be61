import type { WantedContainer } from "./wanted/wanted.ts";

/** One wanted container that is not as it should be. Times are Unix milliseconds. */
export interface Case {
  /** As the book had it when the case began: where it comes from. */
  readonly wanted: WantedContainer;
  readonly sinceMs: number;
  /** What is being done about it, or why nothing is. */
  readonly stage: Stage;
  /** Its outage was announced. */
  readonly announced: boolean;
}

export type Task = "reschedule" | "start" | "duplicate";

export type Stage =
  | { readonly kind: "working"; readonly task: Task }
  | { readonly kind: "waiting"; readonly why: string; readonly untilMs: number | undefined }
  | { readonly kind: "held"; readonly why: string };

/** The wanted containers that are not as they should be, by swarm ID; oldest first. */
export class Cases {
  readonly #cases = new Map<string, Case>();

  get size(): number {
    return this.#cases.size;
  }
  values(): Iterable<Case> {
    return this.#cases.values();
  }
  keys(): Iterable<string> {
    return this.#cases.keys();
  }
  get(swarmId: string): Case | undefined {
    return this.#cases.get(swarmId);
  }

  /**
   * Begins a case, or notes how it stands. Where the container was made anew and does not run yet, it is the same case.
   * @returns whether its outage is to be announced now
   */
  note(wanted: WantedContainer, stage: Stage, sinceMs: number, announce: boolean): boolean {
    const { swarmId } = wanted;
    const known = this.#cases.get(swarmId);
    const same = known !== undefined && isSame(known.wanted, wanted) ? known : undefined;
    const announced = same?.announced === true || announce;
    if (same !== undefined) this.#cases.set(swarmId, { ...same, stage, announced });
    else {
      this.#cases.delete(swarmId);
      this.#cases.set(swarmId, { wanted, sinceMs, stage, announced });
    }
    return announced && same?.announced !== true;
  }

  /** @returns the case that is over */
  end(swarmId: string): Case | undefined {
    const known = this.#cases.get(swarmId);
    this.#cases.delete(swarmId);
    return known;
  }
}

const isSame = (before: WantedContainer, now: WantedContainer): boolean =>
  before.last.containerId === now.last.containerId || now.formerIds.includes(before.last.containerId);
