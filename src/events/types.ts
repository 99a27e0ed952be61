/** The engine an event came from, as subscribers see it. */
export interface EventNode {
  readonly name: string;
  /** Combined: `<engine ID>|<host:port>`. */
  readonly id: string;
  /** `host:port` */
  readonly addr: string;
  readonly ip: string;
}

/**
 * An event as the engine sent it. `timeNano` may be a bigint: a number cannot hold today's nanoseconds exactly, so whoever parses the engine's stream
 * does well to keep the digits.
 */
export interface SourceEvent {
  readonly status?: string;
  readonly id?: string;
  readonly from?: string;
  readonly Type?: string;
  readonly Action?: string;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> | null };
  readonly scope?: string;
  /** Unix seconds. */
  readonly time?: number;
  readonly timeNano?: number | bigint;
}

/** An event of the cluster, formatted when first asked, once for everyone who listens. */
export interface ClusterEvent {
  readonly type: string;
  readonly action: string;
  readonly actorId: string;
  /** With the `node.*` ones. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly scope: string;
  /** Unix nanoseconds by the clock of whoever made the event. */
  readonly timeNano: bigint;
  /** As it was at the time. */
  readonly node: EventNode;
  /** One JSON object, no separator (events.md §2). */
  readonly json: string;
  /** How long the JSON is at most, in characters, but for those it must escape; known without making it. */
  readonly size: number;
}

/** Time, as an argument. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number;
  /** Runs `task` once after `ms` (at most 2³¹−1); the returned function calls it off. */
  after(ms: number, task: () => void): () => void;
}
