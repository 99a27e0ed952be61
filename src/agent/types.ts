/** What `swarm join` needs of the machine; tests bring their own. */
export interface AgentWorld {
  /** Milliseconds of a clock that is never set; only differences mean something. */
  readonly now: () => number;
  /** Waits, or less long when the signal aborts. Never rejects. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** In [0, 1). */
  readonly random: () => number;
  /** Looks once whether a Docker engine answers. */
  readonly probe: Probe;
}

/** Looks at an address: undefined when an engine answers there, else why not, in a few words. Never rejects, ends within seconds. */
export type Probe = (
  address: { readonly host: string; readonly port: number },
  signal: AbortSignal,
) => Promise<string | undefined>;
