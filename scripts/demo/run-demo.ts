import { dockerClient } from "./docker-client.ts";
import { startEngines } from "./engines.ts";
import { assertPortIsFree, buildManager, Manager } from "./manager.ts";
import { Screen } from "./screen.ts";
import { nextSteps, tour } from "./tour.ts";
import type { DemoEngines, EngineKind } from "./types.ts";

/** What was asked for on the command line. */
export interface DemoOptions {
  /** End after the tour. */
  readonly once: boolean;
  /** Undefined: the best this machine has. */
  readonly kind: EngineKind | undefined;
  readonly port: number;
  /** Ctrl-C. */
  readonly stop: AbortSignal;
}

/** Builds, starts, shows, cleans up. Gives the exit code: 0 when every step did what it claims. */
export async function runDemo({ once, kind, port, stop }: DemoOptions): Promise<number> {
  const screen = new Screen(process.stdout.isTTY);
  let engines: DemoEngines | undefined;
  let manager: Manager | undefined;
  const made = { containers: [] as string[] };
  let code = 0;
  let finished = false;
  try {
    await assertPortIsFree(port);
    screen.progress("building the manager (tsc)");
    await buildManager();
    stop.throwIfAborted();
    engines = await startEngines(kind, (line) => screen.progress(line));
    stop.throwIfAborted();
    screen.progress(`engines: ${engines.description}`);
    manager = new Manager(port, engines.addresses);
    screen.progress(`starting ${manager.commandLine}`);
    await manager.until(
      engines.addresses.map(() => "Healthy"),
      stop,
    );
    const docker = dockerClient(manager.host);
    if (docker.note !== undefined) screen.progress(docker.note);
    await tour({ engines, manager, docker, screen, stop }, made);
    finished = true;
    if (!once) await stayUp(screen, manager.host, engines, stop);
  } catch (error) {
    if (!stop.aborted) {
      console.error(`\ndemo: ${error instanceof Error ? error.message : String(error)}`);
      if (manager) console.error(`\nthe manager's log ends with:\n${manager.log}`);
    }
    code = stop.aborted ? 130 : 1;
  }
  if (engines) screen.progress("stopping the manager and the engines");
  const cleaned = await cleanUp(engines, manager, made.containers);
  if (!cleaned && code === 0) code = 1;
  if (finished && code === 0) console.log("\nThe demo did all it claims.");
  return code;
}

async function stayUp(screen: Screen, host: string, engines: DemoEngines, stop: AbortSignal): Promise<void> {
  screen.step("Your turn");
  screen.note(`the cluster (${engines.description}) stays up; in another terminal try`);
  for (const line of nextSteps(host, engines)) console.log(`     ${line}`);
  screen.note("Ctrl-C here ends everything");
  if (stop.aborted) return;
  const alive = setInterval(() => undefined, 60_000);
  await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
  clearInterval(alive);
}

/** Removes what was made, as far as it was made. False when the manager did not end properly. */
async function cleanUp(
  engines: DemoEngines | undefined,
  manager: Manager | undefined,
  containers: readonly string[],
): Promise<boolean> {
  let clean = true;
  if (manager) {
    if (engines?.kind === "local") {
      // The engine is the user's own and outlives the demo.
      const docker = dockerClient(manager.host);
      for (const name of containers) await docker.run(["rm", "-f", name]);
    }
    const code = await manager.stop();
    if (code !== 0) {
      console.error(`demo: the manager ended with ${code ?? "a signal"} in place of 0:\n${manager.log}`);
      clean = false;
    }
  }
  await engines?.[Symbol.asyncDispose]();
  return clean;
}
