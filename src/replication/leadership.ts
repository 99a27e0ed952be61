import { setMaxListeners } from "node:events";

/** One reign of one manager: from getting the lease to losing it. */
export interface Term {
  /** Grows by one with each term of the cluster; 0 where nobody else could lead. */
  readonly number: number;
  /** When it began, Unix milliseconds. */
  readonly sinceMs: number;
  /** Fires before anyone else can lead. */
  readonly lost: AbortSignal;
  /**
   * Whether we certainly lead at this instant. Reads a clock, asks nobody. A process that stood still cannot be told in time: ask right before
   * each act that must not be done twice.
   */
  held(): boolean;
}

/** Whether this manager acts for the cluster, and since when (spec: ha.md §1, §3). */
export interface Leadership {
  /** The present term; undefined while somebody else leads, or nobody. */
  readonly term: Term | undefined;
  /** Calls back at the beginning of every term, at once when there is one now; the answer ends it. */
  onTerm(listener: (term: Term) => void): () => void;
}

/** The leadership of a manager that must leave acting to others: no term ever begins. */
export const noLeadership: Leadership = { term: undefined, onTerm: () => () => undefined };

/** The leadership of a manager that has no others beside it: one term, as long as the process. */
export function soleLeadership(sinceMs: number): Leadership {
  const lost = new AbortController().signal;
  setMaxListeners(0, lost); // every act under way listens to it
  const term: Term = { number: 0, sinceMs, lost, held: () => true };
  return {
    term,
    onTerm(listener) {
      listener(term);
      return () => undefined;
    },
  };
}
