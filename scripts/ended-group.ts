import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** Set once somebody asked the program to stop: nothing new is begun then. */
export const interruption = { happened: false };

/**
 * Waits for a child that leads a process group, and ends the group on a signal or when it takes too long; the result says why it was
 * ended. Children run the tests in children of their own and do not pass every signal on, so the signal goes to the group, which gets time
 * to clean up.
 */
export async function untilEnd(child: ChildProcess, limitMs: number): Promise<string | undefined> {
  let reason: string | undefined;
  const stop = (why: string) => {
    reason ??= why;
    signalGroup(child, "SIGTERM");
  };
  const onSignal = (signal: NodeJS.Signals) => {
    interruption.happened = true;
    stop(`were ended by ${signal}`);
  };
  const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, onSignal);
  const timer = setTimeout(() => stop(`took more than ${limitMs / 60_000} minutes`), limitMs);
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  clearTimeout(timer);
  for (let tenths = 0; signalGroup(child, 0) && tenths < 150; tenths++) await sleep(100);
  signalGroup(child, "SIGKILL");
  for (const signal of signals) process.removeListener(signal, onSignal);
  return reason;
}

/** Signals whatever is left of the child's group; `false` when nothing is. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    return child.pid !== undefined && process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}
