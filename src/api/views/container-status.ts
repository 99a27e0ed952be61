import type { ContainerState } from "../../docker/types.ts";
import { parseTimestamp } from "./timestamp.ts";
import type { ContainerView } from "./types.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** A duration as `docker ps` words it (api.md §7.1). Negative durations, from clocks that disagree, are less than a second. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / second);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(ms / minute);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(ms / hour + 0.5);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  const days = Math.trunc(hours / 24);
  if (days < 14) return `${days} days`;
  if (days < 90) return `${Math.trunc(days / 7)} weeks`;
  if (days < 2 * 365) return `${Math.trunc(days / 30)} months`;
  return `${Math.trunc(days / 365)} years`;
}

/** The duration up to which {@link humanDuration} says the same as of this one, at least; milliseconds. */
export function durationChangesAt(ms: number): number {
  if (ms < minute) return Math.max(1, Math.trunc(ms / second) + 1) * second;
  if (ms < hour) return (Math.trunc(ms / minute) + 1) * minute;
  // Hours are rounded, and everything longer counts whole ones.
  return (Math.trunc(ms / hour + 0.5) + 0.5) * hour;
}

/** The state's one word, as the `status` filter compares it. */
export function stateName(state: ContainerState): string {
  if (state.Running) {
    if (state.Paused) return "paused";
    return state.Restarting ? "restarting" : "running";
  }
  if (state.Status === "removing") return "removing";
  if (state.Dead) return "dead";
  return parseTimestamp(state.StartedAt) === undefined ? "created" : "exited";
}

/** `none`, `starting`, `healthy` or `unhealthy`, as the `health` filter compares it. */
export function healthName(state: ContainerState): string {
  const status = state.Health?.Status;
  return status === undefined || status === "" ? "none" : status;
}

/** What a container's `STATUS` column says, and how long it may say so. */
export interface StatusText {
  readonly text: string;
  /** Before then, and not before now, it is the same. Unix milliseconds; `Infinity`: until the container changes. */
  readonly untilMs: number;
}

/** The `STATUS` column, as of now. `Host Down` when the engine is not healthy. */
export const containerStatus = (container: ContainerView, nowMs: number): string =>
  statusAt(container, nowMs).text;

/** {@link containerStatus}, with the time it holds. */
export function statusAt({ node, inspect: { State: state } }: ContainerView, nowMs: number): StatusText {
  if (node.state !== "Healthy") return lasting("Host Down");
  const since = (time: string, worded: (duration: string) => string): StatusText => {
    const at = parseTimestamp(time);
    if (at === undefined) return lasting(worded(humanDuration(0)));
    const ms = nowMs - (at + node.clockDeltaMs);
    return { text: worded(humanDuration(ms)), untilMs: nowMs - ms + durationChangesAt(ms) };
  };
  switch (stateName(state)) {
    case "paused":
      return since(state.StartedAt, (duration) => `Up ${duration} (Paused)`);
    case "restarting":
      return since(state.FinishedAt, (duration) => `Restarting (${state.ExitCode}) ${duration} ago`);
    case "running":
      return since(state.StartedAt, (duration) => `Up ${duration}${healthSuffix(state)}`);
    case "removing":
      return lasting("Removal In Progress");
    case "dead":
      return lasting("Dead");
    case "created":
      return lasting("Created");
    default:
      return parseTimestamp(state.FinishedAt) === undefined
        ? lasting("")
        : since(state.FinishedAt, (duration) => `Exited (${state.ExitCode}) ${duration} ago`);
  }
}

const lasting = (text: string): StatusText => ({ text, untilMs: Infinity });

function healthSuffix(state: ContainerState): string {
  const health = healthName(state);
  if (health === "none") return "";
  return health === "starting" ? " (health: starting)" : ` (${health})`;
}
