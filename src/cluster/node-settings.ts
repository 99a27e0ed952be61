import type { Availability } from "../scheduler/types.ts";

/** How long a node may take to give away its containers. Unix milliseconds. */
export interface DrainTerm {
  /** When the operator set the node to `drain`. */
  readonly sinceMs: number;
  /** When to give up; undefined: the operator named no time. */
  readonly deadlineMs: number | undefined;
}

/** What operators say about a node at run time, beyond what the engine says of itself. */
export interface NodeSettings {
  readonly availability: Availability;
  /** Added to the engine's labels; they win over the engine's own, not over the built-in ones. */
  readonly labels: ReadonlyMap<string, string>;
  /** Only while `availability` is `drain`. */
  readonly drain?: DrainTerm;
}

/** Settings by engine ID, so that they follow an engine to another address. */
export interface NodeSettingsSource {
  /** The same object until something changes. */
  of(engineId: string): NodeSettings | undefined;
  /** Called after every change with the engine ID it is about; the answer ends it. */
  onChange(listener: (engineId: string) => void): () => void;
}

export const DEFAULT_SETTINGS: NodeSettings = { availability: "active", labels: new Map() };
