import type { ContainerState, ContainerSummary } from "../docker/types.ts";

/** `Up 3 minutes (healthy)`, `Exited (137) 2 hours ago`: what of a status is not about time. */
export function newsOf(status: string): string {
  const from = status.indexOf("(");
  const to = from < 0 ? -1 : status.indexOf(")", from);
  return to < 0 ? "" : status.slice(from, to + 1);
}

/** Says a list entry of the state what an inspection or an event says? */
export const saysState = (state: ContainerState, { State, Status }: ContainerSummary): boolean =>
  State === state.Status && newsOf(Status) === newsOfState(state);

function newsOfState({ Status: status, ExitCode: exitCode, Health: health }: ContainerState): string {
  if (status === "paused") return "(Paused)";
  if (status === "exited" || status === "restarting") return `(${exitCode})`;
  if (status !== "running" || health === undefined || health.Status === "none") return "";
  return health.Status === "starting" ? "(health: starting)" : `(${health.Status})`;
}
