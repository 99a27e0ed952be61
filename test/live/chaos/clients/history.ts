/** The label that says which create a container comes from; copies made by a manager keep it. */
export const TOKEN_LABEL = "chaos.token";

export type ClientAction = "create" | "run" | "start" | "stop" | "remove" | "rename";

/** How an operation ended for its client. */
export type Outcome =
  | { readonly kind: "answered"; readonly status: number; readonly message: string; readonly id?: string }
  /** The connection could not be made: nothing was asked. */
  | { readonly kind: "unsent"; readonly error: string }
  /** No answer, or half of one. */
  | { readonly kind: "cut"; readonly error: string };

/** Something a client asked, and what came of it. Times are Unix milliseconds. */
export interface Operation {
  readonly action: ClientAction;
  /** {@link TOKEN_LABEL} of the container it is about. */
  readonly token: string;
  /** The name it had, or was to get, as far as the client knew. */
  readonly name: string;
  /** For a rename. */
  readonly newName?: string;
  /** Whether the container asked for rescheduling. */
  readonly policy: boolean;
  /** Which manager was asked. */
  readonly manager: string;
  readonly beganMs: number;
  /** Absent while it is under way. */
  readonly end?: { readonly atMs: number; readonly outcome: Outcome };
}

/** What an operation has certainly done: all it was to do, nothing, or nobody knows. */
export type Fate = "done" | "refused" | "unknown";

/** Words of an error that say: the engine or the primary was lost in the middle. */
const lostInTheMiddle =
  /Cannot connect to the Docker daemon|may have been|may or may not|time(d )?out|socket hang up|ECONN|EPIPE|EHOST|no longer the primary|Unable to reach primary|other side closed|aborted|unhealthy node/i;

export function fateOf({ action, end }: Operation): Fate {
  if (end === undefined) return "unknown";
  const { outcome } = end;
  if (outcome.kind !== "answered") return outcome.kind === "unsent" ? "refused" : "unknown";
  const { status, message } = outcome;
  if (status < 400) return "done";
  if (status < 500) return "refused";
  if (action !== "create") return "unknown";
  return status === 500 && !lostInTheMiddle.test(message) ? "refused" : "unknown";
}

/** Everything all clients did, in the order they began. */
export class History {
  readonly #operations: Operation[] = [];

  get operations(): readonly Operation[] {
    return this.#operations;
  }

  /** Notes the beginning; call the result with the end. */
  begin(operation: Omit<Operation, "end">): (outcome: Outcome, atMs?: number) => Operation {
    const index = this.#operations.push(operation) - 1;
    return (outcome, atMs = Date.now()) => {
      const ended = { ...operation, end: { atMs, outcome } };
      this.#operations[index] = ended;
      return ended;
    };
  }

  /** Operations on each container, by token. */
  byToken(): ReadonlyMap<string, readonly Operation[]> {
    const tokens = new Map<string, Operation[]>();
    for (const operation of this.#operations) {
      const list = tokens.get(operation.token) ?? [];
      if (list.length === 0) tokens.set(operation.token, list);
      list.push(operation);
    }
    return tokens;
  }

  /** Forgets containers that are gone for certain, so that a long run does not grow. */
  forget(tokens: ReadonlySet<string>): void {
    const kept = this.#operations.filter(({ token }) => !tokens.has(token));
    this.#operations.splice(0, this.#operations.length, ...kept);
  }
}
