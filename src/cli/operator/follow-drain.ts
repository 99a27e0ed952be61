import { pause } from "../../../discovery/timing.ts";
import { CommandError } from "../command-error.ts";
import type { CommandWorld } from "../command-world.ts";
import { INTERRUPTED } from "./arguments.ts";
import { countOf, staysLines } from "./drain-report.ts";
import { fields, isFields, list, text, type Fields } from "./fields.ts";
import { ManagerError, type ManagerClient } from "./manager-client.ts";
import { nodePath } from "./node-inspect.ts";
import { plain } from "./plain.ts";

/** Between two looks, milliseconds. */
const LOOK_MS = 500;
/** Looks in a row that may fail: another manager may be about to take over. */
const MAX_FAILURES = 60;
export interface Following {
  readonly world: CommandWorld;
  /** Somebody asked the program to stop. */
  readonly stop: AbortSignal;
  /** Default: {@link LOOK_MS}. */
  readonly lookMs?: number;
}

/**
 * Prints what a drain does until it ends.
 * @param first the node as the update answered it
 * @returns 0 when all that may move has, 1 when something did not in time, 130 when the user left
 * @throws CommandError when the manager does not answer for long, or refuses
 */
export async function followDrain(
  client: ManagerClient,
  node: string,
  first: Fields,
  { world, stop, lookMs = LOOK_MS }: Following,
): Promise<number> {
  const say = (line: string): unknown => world.stdout.write(`${line}\n`);
  const told = new Set<string>();
  const name = plain(text(first, "Name") || node);
  let failures = 0;
  for (let now = first; ;) {
    if (text(now, "Availability") !== "drain") {
      say(`${name} drains no more: somebody set it to ${plain(text(now, "Availability"))}`);
      return 1;
    }
    // Null until the manager has looked at the node for the first time.
    if (isFields(now.Drain)) {
      for (const line of news(now.Drain)) {
        if (told.has(line)) continue;
        told.add(line);
        say(line);
      }
      const code = ending(name, now.Drain, say);
      if (code !== undefined) return code;
    }
    await pause(lookMs, stop);
    if (stop.aborted) {
      say(
        `The drain of ${name} goes on without you. See it with '${world.program} node inspect --pretty ${name}',`,
      );
      say(`end it with '${world.program} node update --availability active ${name}'.`);
      return INTERRUPTED;
    }
    try {
      now = fields((await client.ask("GET", nodePath(node), { signal: stop })).body);
      failures = 0;
    } catch (error) {
      if (isOver(stop)) continue;
      const passes = !(error instanceof ManagerError) || error.status >= 500;
      if (!(error instanceof CommandError) || !passes || ++failures >= MAX_FAILURES) throw error;
      if (failures === 1) say(`The manager does not answer, trying again: ${error.message}`);
    }
  }
}

function* news(drain: Fields): Generator<string> {
  for (const each of list(drain.Moved))
    yield `moved ${plain(text(each, "Name"))} to ${plain(text(each, "To"))}`;
  for (const each of list(drain.Moving)) yield `moving ${plain(text(each, "Name"))}`;
}

function ending(name: string, drain: Fields, say: (line: string) => unknown): number | undefined {
  const state = text(drain, "State");
  if (state !== "done" && state !== "deadline") return undefined;
  const moved = `${countOf(list(drain.Moved).length)} moved`;
  const stays = staysLines(drain);
  if (state === "deadline") say(`${name} is not drained, the time is over: ${moved}, ${stays.length} stay`);
  else if (stays.length > 0) say(`${name} is drained of all that may move: ${moved}, ${stays.length} stay`);
  else say(`${name} is drained: ${moved}`);
  for (const line of stays) say(line);
  return state === "done" ? 0 : 1;
}

/** Asked anew after each wait. */
const isOver = (signal: AbortSignal): boolean => signal.aborted;
