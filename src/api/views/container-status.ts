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

/** The `STATUS` column, as of now. `Host Down` when the engine is not healthy. */
export function containerStatus({ node, inspect: { State: state } }: ContainerView, nowMs: number): string {
  if (node.state !== "Healthy") return "Host Down";
  const since = (time: string): string => {
    const at = parseTimestamp(time);
    return humanDuration(at === undefined ? 0 : nowMs - (at + node.clockDeltaMs));
  };
  switch (stateName(state)) {
    case "paused":
      return `Up ${since(state.StartedAt)} (Paused)`;
    case "restarting":
      return `Restarting (${state.ExitCode}) ${since(state.FinishedAt)} ago`;
    case "running":
      return `Up ${since(state.StartedAt)}${healthSuffix(state)}`;
    case "removing":
      return "Removal In Progress";
    case "dead":
      return "Dead";
    case "created":
      return "Created";
    default:
      return parseTimestamp(state.FinishedAt) === undefined
        ? ""
        : `Exited (${state.ExitCode}) ${since(state.FinishedAt)} ago`;
  }
}

function healthSuffix(state: ContainerState): string {
  const health = healthName(state);
  if (health === "none") return "";
  return health === "starting" ? " (health: starting)" : ` (${health})`;
}
