import { list, text, type Fields } from "./fields.ts";
import { plain } from "./plain.ts";

const STATES: Readonly<Record<string, string>> = {
  running: "is under way",
  done: "is done",
  deadline: "ran out of time",
};

/** How far a drain is, several lines. */
export function drainReport(drain: Fields): string {
  const moving = list(drain.Moving).map((each) => text(each, "Name"));
  return [
    `Drain ${STATES[text(drain, "State")] ?? plain(text(drain, "State"))}: ${countOf(list(drain.Moved).length)} moved` +
      ` (from ${plain(text(drain, "StartedAt"))}, until ${plain(text(drain, "Deadline"))})`,
    ...(moving.length === 0 ? [] : [`  moving: ${plain(moving.join(", "))}`]),
    ...staysLines(drain),
    "",
  ].join("\n");
}

/** `  cache stays: …`, one line a container. @param report a drain, or the plan of a rebalance */
export const staysLines = (report: Fields): readonly string[] =>
  list(report.Stays).map((each) => `  ${plain(text(each, "Name"))} stays: ${plain(text(each, "Why"))}`);

/** `1 container`, `2 containers` */
export const countOf = (count: number): string => `${count} container${count === 1 ? "" : "s"}`;
