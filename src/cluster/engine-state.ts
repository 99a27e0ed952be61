/**
 * The life of an engine as a pure function (spec: node-lifecycle.md §1, §4.2). Timers, sockets and logs live in `engine-life.ts`;
 * `docs/architecture.md` draws it.
 */
export type EngineState =
  /** Announced, not yet validated: invisible to the scheduler. `failures` counts refused validations. */
  | { readonly kind: "pending"; readonly failures: number; readonly lastError: string }
  /** Usable. `failures` counts contacts that failed one after another; `lastError` is the last of them. */
  | { readonly kind: "healthy"; readonly failures: number; readonly lastError: string }
  /** Was healthy; too many contacts failed. Listed, not schedulable. */
  | { readonly kind: "unhealthy"; readonly failures: number; readonly lastError: string }
  /** Removed by discovery: the end. */
  | { readonly kind: "disconnected" };

export type EngineLifeEvent =
  /** The connection sequence succeeded. */
  | { readonly kind: "validated" }
  /** The connection sequence failed, or the engine turned out to be one we must not use. */
  | { readonly kind: "refused"; readonly error: string }
  /** An exchange with the engine worked. */
  | { readonly kind: "contact" }
  /** An exchange with the engine failed to connect. */
  | { readonly kind: "contact-failed"; readonly error: string }
  /** The address answers as another engine, or another address took this engine over: start again. */
  | { readonly kind: "identity-lost"; readonly error: string }
  | { readonly kind: "removed" };

/** What the world must be told about a transition; undefined: nothing. */
export type EngineAnnouncement = "engine_connect" | "engine_disconnect" | "engine_reconnect";

export const initialState: EngineState = { kind: "pending", failures: 0, lastError: "" };

/**
 * @param failureRetry contacts that must fail one after another before a healthy engine is flagged (`--engine-failure-retry`)
 */
export function nextState(state: EngineState, event: EngineLifeEvent, failureRetry: number): EngineState {
  if (state.kind === "disconnected") return state;
  switch (event.kind) {
    case "removed":
      return { kind: "disconnected" };
    case "identity-lost":
      return { kind: "pending", failures: 0, lastError: event.error };
    case "validated":
      return { kind: "healthy", failures: 0, lastError: "" };
    case "refused":
      return state.kind === "pending"
        ? { kind: "pending", failures: state.failures + 1, lastError: event.error }
        : state;
    case "contact":
      // A pending engine becomes healthy only by validation, however well it answers.
      return state.kind === "pending" ? state : { kind: "healthy", failures: 0, lastError: "" };
    case "contact-failed": {
      if (state.kind === "pending") return state;
      const failures = state.failures + 1;
      const kind = state.kind === "unhealthy" || failures >= failureRetry ? "unhealthy" : "healthy";
      return { kind, failures, lastError: event.error };
    }
  }
}

/** Which manager event (events.md §3) a transition is. */
export function announcement(from: EngineState, to: EngineState): EngineAnnouncement | undefined {
  if (from.kind === to.kind) return undefined;
  if (to.kind === "disconnected") return "engine_disconnect";
  if (from.kind === "pending") return "engine_connect";
  if (to.kind === "healthy") return "engine_reconnect";
  // Healthy → unhealthy, and either → pending: what it held is gone from reach.
  return from.kind === "healthy" ? "engine_disconnect" : undefined;
}

/** The `Status` row of `/info`. */
export function statusText(state: EngineState): "Pending" | "Healthy" | "Unhealthy" {
  if (state.kind === "healthy") return "Healthy";
  return state.kind === "unhealthy" ? "Unhealthy" : "Pending";
}

/** How much longer than the interval a sweep may take to come, so that not all come at once. */
const SPREAD = 0.1;

/**
 * Milliseconds until the next sweep: the interval, longer while an engine stays away, but never so long that its return goes
 * unnoticed (node-lifecycle.md §4; the original's 8 hours are capped at a minute beyond the interval). An engine whose open event stream would tell
 * of its end at once is not asked more often than the interval's end says.
 * @param fraction 0 ≤ fraction < 1, random
 */
export function sweepDelayMs(
  state: EngineState,
  settings: { refreshMinMs: number; refreshMaxMs: number; failureRetry: number },
  { fraction, watched }: { readonly fraction: number; readonly watched: boolean },
): number {
  const { refreshMinMs, refreshMaxMs, failureRetry } = settings;
  if (watched) return refreshMaxMs * (1 + SPREAD * fraction);
  const jitter = fraction * (refreshMaxMs - refreshMinMs);
  const failures = state.kind === "disconnected" ? 0 : state.failures;
  const backoff = Math.max(0, failures - failureRetry);
  return Math.min(refreshMinMs * (1 + backoff), refreshMinMs + 60_000) + jitter;
}

/** Milliseconds until a pending engine is tried again: 1 s, 2 s, 4 s … one minute (node-lifecycle.md §3.2 «better»). */
export function validationDelayMs(failures: number, fraction: number): number {
  return Math.min(60_000, 1_000 * 2 ** Math.min(failures - 1, 6)) * (0.75 + fraction / 2);
}
