import { ApiError } from "../errors.ts";
import { soleLeadership, type Leadership } from "./leadership.ts";

/** Another manager of the cluster, as it says of itself in the store. */
export interface Peer {
  /** `--advertise`. */
  readonly address: string;
  readonly role: "primary" | "replica";
  readonly version: string;
  /** When it started, Unix milliseconds by its own clock. */
  readonly startedMs: number;
  /** Ourselves. */
  readonly self: boolean;
}

/** What this manager is among its peers: what `/info` and `GET /cluster/leader` say, and what a request is served by. */
export interface ManagerRole {
  /** Whether there may be other managers (`--replication`). */
  readonly replicated: boolean;
  readonly leadership: Leadership;
  /** `primary` only while the lease is held. */
  readonly role: "primary" | "replica";
  /** Address in the leader key; `""` while nobody leads, or nobody is known to. Ours while we lead. */
  readonly primary: string;
  /** `--advertise`; `""` without replication. */
  readonly self: string;
  /** `--replication-ttl` as far as the store keeps it, milliseconds; 0 without replication. */
  readonly ttlMs: number;
  /** All managers known, ourselves first. */
  readonly peers: readonly Peer[];
  /** Why the store cannot be asked at present; `""` when it can. */
  readonly error: string;
}

/** The role of a manager without replication: it always answers itself (ha.md §1). */
export function soleManager(sinceMs: number, version: string): ManagerRole {
  return {
    replicated: false,
    leadership: soleLeadership(sinceMs),
    role: "primary",
    primary: "",
    self: "",
    ttlMs: 0,
    peers: [{ address: "", role: "primary", version, startedMs: sinceMs, self: true }],
    error: "",
  };
}

/** How long a client is asked to wait before it tries again, seconds (`Retry-After`). */
export const RETRY_AFTER_S = 2;

/** No manager may act at this moment: 503, and the client may try again (ha.md §3.1). */
export class NoPrimaryError extends ApiError {
  constructor(message: string, options?: ErrorOptions) {
    super(503, message, options);
    this.name = "NoPrimaryError";
  }
}

/**
 * Asked right before anything is created or destroyed: the lease may have ended while an image came.
 * @throws NoPrimaryError
 */
export function mustLead({ leadership }: ManagerRole): void {
  if (leadership.term?.held() === true) return;
  throw new NoPrimaryError("this manager is no longer the primary cluster manager: try again");
}
