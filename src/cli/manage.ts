import { errorText } from "../errors.ts";
import type { Invocation } from "./command-world.ts";
import { CommandError } from "./command-error.ts";
import { planManage, type ManageContext, type ManageFlags } from "./manage-config.ts";

/** How long a stopping manager may take to close what it opened. */
const stopWithinMs = 10_000;

/**
 * `swarm manage`: validates, starts the cluster manager, and keeps it running until a signal or a listener's failure
 * (spec: cli.md §5, §6.3).
 * @throws CommandError for a bad command line or a fatal listener error
 */
export async function manage(
  flags: ManageFlags,
  context: ManageContext,
  { world, log }: Invocation,
): Promise<number> {
  const { config, discovery, warnings } = planManage(flags, context);
  for (const warning of warnings) log.warn(warning);

  const signal = world.stopGracefully();
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => {
      log.info("stopping");
      resolve();
    });
  });
  const starting = world.createApp(config, { log, discovery, random: Math.random, version: world.version });
  const running = starting.then((app) => Promise.race([app.failed, app.ready.then(() => stopped)]));
  let failure: unknown;
  try {
    await Promise.race([running, stopped]);
  } catch (error) {
    failure = error;
  }
  // Whichever of the two came first, the other must not become an unhandled rejection.
  running.catch(() => undefined);
  const closed = await within(
    stopWithinMs,
    starting.then((app) => app[Symbol.asyncDispose]()),
  );
  if (failure !== undefined) throw new CommandError(errorText(failure), { cause: failure });
  if (closed instanceof Error) log.warn({ err: closed }, "stopped with an error");
  if (closed === "late") log.warn("some connections did not close in time");
  return 0;
}

async function within(ms: number, work: Promise<void>): Promise<"done" | "late" | Error> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, ms, "late");
  });
  const done = work.then(
    () => "done" as const,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  const outcome = await Promise.race([done, late]);
  clearTimeout(timer);
  return outcome;
}
