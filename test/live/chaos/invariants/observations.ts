/** A copy of a container as its engine itself lists it. */
export interface Copy {
  readonly engine: string;
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
  /** As the engine says it: `Up 3 seconds`. */
  readonly status: string;
  readonly token: string | undefined;
}

/** What an engine said about a container at some time, Unix milliseconds. */
export interface ContainerEvent {
  readonly atMs: number;
  readonly engine: string;
  readonly action: "create" | "start" | "die" | "destroy";
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

/** Likewise about a volume. */
export interface VolumeEvent {
  readonly atMs: number;
  readonly engine: string;
  readonly action: "create" | "destroy";
  readonly name: string;
}

/** A request of a manager to an engine that makes or removes a container, seen where it arrived. */
export interface Act {
  readonly atMs: number;
  readonly manager: string;
  readonly engine: string;
  /** Method and path. */
  readonly line: string;
}

/** One look at the leader's key. Times are Unix milliseconds: when it was asked, and when answered. */
export interface KeySample {
  readonly askedMs: number;
  readonly answeredMs: number;
  /** Undefined: the store did not answer. */
  readonly found: { readonly holder: string; readonly tenure: string } | "nobody" | undefined;
}

/** One answer of `GET /cluster/leader`. */
export interface RoleSample {
  readonly manager: string;
  readonly askedMs: number;
  readonly answeredMs: number;
  /** The number of its term when it said it was primary; else undefined. */
  readonly term: number | undefined;
}

/** A time in which what one manager said to one engine may have been late: the network between them was broken. */
export interface LateTime {
  readonly engine: string;
  /** Undefined: all managers. */
  readonly manager: string | undefined;
  readonly fromMs: number;
  readonly toMs: number;
}
