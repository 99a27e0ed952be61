import type { ContainerState, EngineEvent } from "../docker/types.ts";

/** What an event says about a container's state. */
export type Told =
  | { readonly kind: "state"; readonly state: ContainerState }
  /** It changed something that a list shows, but nothing we keep. */
  | { readonly kind: "listed" }
  /** Only the engine can say what is now. */
  | { readonly kind: "unsaid" };

const LISTED: Told = { kind: "listed" };
const UNSAID: Told = { kind: "unsaid" };

/**
 * A container's state after an event, from the event alone. It is what the engine would answer, but that the moments are those of the events,
 * which come shortly after what they tell (docs.docker.com/reference/api/engine, SystemEvents; spec: events.md §5).
 */
export function toldState(old: ContainerState, event: EngineEvent): Told {
  const action = event.Action ?? event.status ?? "";
  const colon = action.indexOf(":");
  switch (colon < 0 ? action : action.slice(0, colon)) {
    case "start":
      return state(old, {
        Status: "running",
        Running: true,
        Paused: false,
        Restarting: false,
        ExitCode: 0,
        StartedAt: timestampOf(event),
        ...(old.Health && { Health: { Status: "starting" } }),
      });
    case "die": {
      const exitCode = Number(event.Actor?.Attributes?.exitCode ?? Number.NaN);
      if (!Number.isInteger(exitCode)) return UNSAID;
      return state(old, {
        Status: "exited",
        Running: false,
        Paused: false,
        ExitCode: exitCode,
        FinishedAt: timestampOf(event),
      });
    }
    case "pause":
      return old.Running ? state(old, { Status: "paused", Paused: true }) : UNSAID;
    case "unpause":
      return old.Running ? state(old, { Status: "running", Paused: false }) : UNSAID;
    case "health_status": {
      const status = colon < 0 ? "" : action.slice(colon + 1).trim();
      return status === "" ? UNSAID : state(old, { Health: { Status: status } });
    }
    // Each comes beside another, which says what it did.
    case "kill":
    case "oom":
    case "stop":
    case "restart":
    case "connect":
    case "disconnect":
      return LISTED;
    default:
      return UNSAID;
  }
}

const state = (old: ContainerState, change: Partial<ContainerState>): Told => ({
  kind: "state",
  state: { ...old, ...change },
});

/** RFC 3339 with nanoseconds, by the engine's clock. */
export function timestampOf({ time = 0, timeNano }: EngineEvent): string {
  const digits = String(timeNano ?? `${Math.trunc(time)}000000000`).padStart(10, "0");
  return `${wholeSecond(Number(digits.slice(0, -9)))}.${digits.slice(-9)}Z`;
}

/** The second asked for last, and its text: a busy engine has many events in each. */
let [lastSecond, lastText] = [0, "1970-01-01T00:00:00"];

/** `2026-11-21T06:03:42`. @param second Unix time */
function wholeSecond(second: number): string {
  if (second !== lastSecond)
    [lastSecond, lastText] = [second, new Date(second * 1_000).toISOString().slice(0, 19)];
  return lastText;
}
