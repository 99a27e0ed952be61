import { errorText } from "../errors.ts";
import { reportHealth } from "../health/reporter.ts";
import { closeWithin } from "./close-within.ts";
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
  const { config, discovery, state, warnings } = await planManage(flags, context);
  for (const notice of discovery.notices) log.info(notice);
  for (const warning of warnings) log.warn(warning);

  const signal = world.stopGracefully();
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => {
      log.info("stopping");
      resolve();
    });
  });
  const starting = world.createApp(config, {
    log,
    discovery,
    state,
    random: Math.random,
    version: world.version,
    stderr: (line) => world.stderr.write(line),
  });
  // From the beginning: a renewed certificate may be announced while we start, and must not end us.
  world.onHangup(
    () =>
      void starting.then(
        (app) => app.reload(),
        () => undefined,
      ),
  );
  const reporting = starting.then(() => {
    return reportHealth({
      path: world.env.SWARM_HEALTH_FILE,
      command: "manage",
      health: () => ({ healthy: !signal.aborted, detail: signal.aborted ? "stopping" : "serving" }),
      log,
      now: world.now,
    });
  });
  const running = starting.then((app) => Promise.race([app.failed, app.ready.then(() => stopped)]));
  let failure: unknown;
  try {
    await Promise.race([running, stopped]);
  } catch (error) {
    failure = error;
  }
  // Whichever of the two came first, the other must not become an unhandled rejection.
  running.catch(() => undefined);
  reporting.catch(() => undefined);
  const closed = await closeWithin(
    stopWithinMs,
    Promise.all([
      starting.then((app) => app[Symbol.asyncDispose]()),
      reporting.then((report) => report[Symbol.asyncDispose]()),
    ]),
  );
  if (failure !== undefined) throw new CommandError(errorText(failure), { cause: failure });
  if (closed instanceof Error) log.warn({ err: closed }, "stopped with an error");
  if (closed === "late") log.warn("some connections did not close in time");
  return 0;
}
