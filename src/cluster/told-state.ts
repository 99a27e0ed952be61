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
  const [verb = "", ...tail] = action.split(":");
  switch (verb) {
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
      const status = tail.join(":").trim();
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
  const nano = timeNano === undefined ? BigInt(Math.trunc(time)) * 1_000_000_000n : BigInt(timeNano);
  const date = new Date(Number(nano / 1_000_000n)).toISOString();
  return `${date.slice(0, 20)}${String(nano % 1_000_000_000n).padStart(9, "0")}Z`;
}
