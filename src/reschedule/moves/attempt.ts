import type { Term } from "../../replication/leadership.ts";
import type { WantedContainer } from "../wanted/wanted.ts";

/** One attempt at something, in one term. */
export interface Attempt {
  readonly wanted: WantedContainer;
  /** Every act that creates or destroys asks `term.held()` right before. */
  readonly term: Term;
  /** Fires at the attempt's deadline, when its reason is gone, and when the manager stops. */
  readonly signal: AbortSignal;
}
