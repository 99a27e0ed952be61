import type { App } from "../../app.ts";
import { errorText } from "../../errors.ts";
import type { ControlServer } from "../../simulate/control/control-server.ts";
import type { SimulationPlan } from "../../simulate/planned-nodes.ts";
import type { Simulation } from "../../simulate/simulation.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { closeWithin } from "../close-within.ts";
import type { GlobalFlags } from "../command.ts";
import { CommandError } from "../command-error.ts";
import type { CommandWorld } from "../command-world.ts";
import type { ParsedFlags } from "../flag-parser.ts";
import { INTERRUPTED, noOperands } from "../operator/arguments.ts";
import type { simulateFlags } from "./flags.ts";
import { Joining } from "./joining.ts";
import { assertFree, managerConfig, settle, startManager } from "./manager.ts";
import { Progress } from "./progress.ts";
import { checkSource, planFrom, type SimulateFlags } from "./source.ts";
import { counted, discoveryText, enginesHint, hint } from "./texts.ts";
import { managerPlace, reachedAt, type ManagerPlace } from "./where.ts";

/** How long a stopping simulation may take. */
const stopWithinMs = 10_000;

/** What was opened so far. */
interface Open {
  simulation?: Simulation;
  app?: App;
  control?: ControlServer | undefined;
}

/**
 * `swarm simulate`: simulated engines and the real manager over them, in this process, until a signal (docs/simulator.md).
 * @throws CommandError for a bad command line or file, an address in use, a manager to copy that does not answer
 */
export async function simulate(
  { values: flags, given, positional }: ParsedFlags<typeof simulateFlags>,
  globals: GlobalFlags,
  world: CommandWorld,
): Promise<number> {
  noOperands("simulate", positional, world);
  checkSource(flags, given);
  const place = managerPlace(flags.host, flags.expose);
  const { config, warnings } = await managerConfig(flags, globals, place);
  const progress = new Progress(world.stderr);
  const log = await openLog(globals, world, progress);
  for (const warning of warnings) log.warn(warning);
  const withManager = !flags["engines-only"] && flags.save === "";
  if (withManager) await assertFree(place);

  const signal = world.stopGracefully();
  const { overcommit } = config.cluster;
  const plan = await planFrom(flags, { world, progress, signal, overcommit }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (plan === undefined) return signal.aborted ? INTERRUPTED : 0;

  const open: Open = {};
  try {
    open.simulation = await standUp(plan, flags, { progress, signal });
    if (isOver(signal)) return INTERRUPTED;
    const { simulation } = open;
    if (withManager) {
      const joining = new Joining(simulation.addresses);
      const app = await startManager(config, joining, { world, log });
      open.app = app;
      // The first look at the failure is below: until then it is nobody's.
      app.failed.catch(() => undefined);
      await meet(place, plan, { progress, signal, app, joining });
      if (isOver(signal)) return INTERRUPTED;
    }
    const manager = withManager ? reachedAt(place) : "";
    open.control = await openControl(simulation, manager, world, log);
    progress.end();
    const control = open.control !== undefined;
    const discovery = discoveryText(simulation.addresses, flags["engine-port"]);
    world.stdout.write(
      withManager ? hint(world.program, manager, control) : enginesHint(world.program, discovery, control),
    );
    await Promise.race([stopped(signal), ...(open.app ? [open.app.failed] : [])]);
    return 0;
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError(errorText(error), { cause: error });
  } finally {
    progress.end();
    const closed = await closeWithin(stopWithinMs, close(open));
    if (closed !== "done") log.warn(closed === "late" ? "some connections did not close in time" : closed);
  }
}

async function openLog(
  { level }: GlobalFlags,
  { stderr }: CommandWorld,
  progress: Progress,
): Promise<Logger> {
  const { createLogger } = await import("../../telemetry/logger.ts");
  return createLogger({ level, tty: stderr.isTTY ?? false, stream: progress });
}

interface Start {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

async function standUp(
  plan: SimulationPlan,
  flags: SimulateFlags,
  { progress, signal }: Start,
): Promise<Simulation> {
  const { Simulation } = await import("../../simulate/simulation.ts");
  const all = plan.nodes.length;
  const simulation = await Simulation.start(plan, {
    port: flags["engine-port"],
    signal,
    onProgress: (standing) => progress.now(`${standing} of ${counted(all, "engine")} stand`),
  });
  const containers = plan.nodes.reduce((sum, node) => sum + node.containers, 0);
  if (!signal.aborted)
    progress.done(`${counted(all, "simulated engine")} with ${counted(containers, "container")} stand`);
  return simulation;
}

async function meet(
  place: ManagerPlace,
  plan: SimulationPlan,
  { progress, signal, app, joining }: Start & { readonly app: App; readonly joining: Joining },
): Promise<void> {
  const all = plan.nodes.length;
  const settling = settle(place, plan, {
    signal,
    onProgress: (healthy) => {
      progress.now(`${healthy} of ${counted(all, "node")} are healthy`);
      joining.healthy(healthy);
    },
  });
  const healthy = await Promise.race([settling, app.failed]);
  // Whatever does not come must not keep the others out.
  joining.healthy(all);
  if (signal.aborted) return;
  if (healthy === all) progress.done(`${counted(all, "node")} healthy`);
  else progress.done(`only ${healthy} of ${counted(all, "node")} are healthy; docker info tells why`);
}

/** Undefined: orders cannot be taken, which is no reason not to simulate. */
async function openControl(
  simulation: Simulation,
  manager: string,
  { env }: CommandWorld,
  log: Logger,
): Promise<ControlServer | undefined> {
  try {
    const { ControlServer } = await import("../../simulate/control/control-server.ts");
    return await ControlServer.open(simulation, manager, env);
  } catch (err) {
    log.warn({ err }, "nodes cannot be failed, frozen or recovered: there is no socket for such orders");
    return undefined;
  }
}

/** Orders first, engines last: whoever uses another is closed before it. */
async function close({ simulation, app, control }: Open): Promise<void> {
  await control?.[Symbol.asyncDispose]();
  await app?.[Symbol.asyncDispose]();
  await simulation?.[Symbol.asyncDispose]();
}

/** Asked anew after each step. */
const isOver = (signal: AbortSignal): boolean => signal.aborted;

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
