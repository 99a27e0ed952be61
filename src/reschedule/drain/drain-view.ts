/** One container that was moved off a node. */
export interface DrainedContainer {
  readonly name: string;
  readonly swarmId: string;
  /** Name of the node it runs on now. */
  readonly to: string;
}

/** One container on its way. */
export interface DrainingContainer {
  readonly name: string;
  readonly swarmId: string;
}

/** One container that is still there and does not move at this moment. */
export interface StayingContainer {
  readonly name: string;
  /** Container ID. */
  readonly id: string;
  readonly why: string;
}

/** Each list holds at most {@link MAX_LISTED}. */
export const MAX_LISTED = 1_000;

/** How far the drain of one node is. Times are Unix milliseconds. */
export interface DrainProgress {
  /** `running`: something moves or will be tried again; `done`: nothing that may move is left; `deadline`: something is, and the time is over. */
  readonly state: "running" | "done" | "deadline";
  readonly startedMs: number;
  readonly deadlineMs: number;
  /** In the order they went, since this manager leads. */
  readonly moved: readonly DrainedContainer[];
  readonly moving: readonly DrainingContainer[];
  readonly stays: readonly StayingContainer[];
}

/** What the operator's endpoints ask of drains. */
export interface DrainView {
  /** @param engineId the engine's own ID; undefined: this node does not drain, or this manager does not lead */
  progress(engineId: string): DrainProgress | undefined;
}
