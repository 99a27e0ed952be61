import { once } from "node:events";
import { createServer } from "node:net";
import type { App } from "../../app.ts";
import type { ManageConfig } from "../../config.ts";
import type { SimulationPlan } from "../../simulate/planned-nodes.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { CommandError } from "../command-error.ts";
import type { CommandWorld } from "../command-world.ts";
import type { GlobalFlags } from "../command.ts";
import { parseFlags } from "../flag-parser.ts";
import { manageFlags } from "../flags.ts";
import { planManage } from "../manage-config.ts";
import { ManagerClient } from "../operator/manager-client.ts";
import { nodePath } from "../operator/node-inspect.ts";
import type { Joining } from "./joining.ts";
import type { SimulateFlags } from "./source.ts";
import { reachedAt, type ManagerPlace } from "./where.ts";

/** The flags both commands have are read as `manage` reads them; all others are its defaults, and nothing is kept. @throws CommandError */
export async function managerConfig(
  flags: SimulateFlags,
  { debug, experimental, level: logLevel }: GlobalFlags,
  place: ManagerPlace,
): Promise<{ readonly config: ManageConfig; readonly warnings: readonly string[] }> {
  const { values } = parseFlags(manageFlags, ["--state-dir", "none"], {});
  const shared = {
    strategy: flags.strategy,
    filter: flags.filter,
    "cluster-opt": flags["cluster-opt"],
    "engine-refresh-min-interval": flags["engine-refresh-min-interval"],
    "engine-refresh-max-interval": flags["engine-refresh-max-interval"],
    "engine-failure-retry": flags["engine-failure-retry"],
  };
  const context = { positional: ["127.0.0.1:1"], env: {}, program: "swarm", debug, experimental, logLevel };
  const plan = await planManage({ ...values, ...shared, host: [] }, context);
  // Only their check was wanted: the engines have no addresses yet.
  await plan.discovery[Symbol.asyncDispose]();
  await plan.state.store.close();
  return { config: Object.freeze({ ...plan.config, hosts: [place] }), warnings: plan.warnings };
}

/** Whether the manager will be able to listen there, before a thousand engines begin. @throws CommandError naming the address */
export async function assertFree({ host, port, addr }: ManagerPlace): Promise<void> {
  const server = createServer();
  try {
    server.listen({ port, ...(host !== "" && { host }) });
    await once(server, "listening");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what = code === "EADDRINUSE" ? "address already in use. Choose another one with --host" : message;
    throw new CommandError(`listen tcp ${addr}: ${what}`, { cause: error });
  } finally {
    server.close();
  }
}

/** The real manager, over these engines. */
export async function startManager(
  config: ManageConfig,
  joining: Joining,
  { world, log }: { readonly world: CommandWorld; readonly log: Logger },
): Promise<App> {
  return world.createApp(config, {
    log,
    discovery: joining,
    random: Math.random,
    version: world.version,
    stderr: (line) => world.stderr.write(line),
  });
}

/** A look at the nodes this often, milliseconds. */
const LOOK_MS = 200;
/** How long the manager takes until it has taken up containers that it did not create and is to move, milliseconds. */
const TAKEN_UP_MS = 4_000;
/** When none comes for so long no more will, milliseconds. */
const PATIENCE_MS = 60_000;

/**
 * Waits until all nodes are healthy and what can fail would be moved, then gives nodes the availability they are to have.
 * @returns how many are healthy: fewer than all when the signal aborted, or some do not come
 */
export async function settle(
  place: ManagerPlace,
  plan: SimulationPlan,
  { onProgress, signal }: { readonly onProgress: (healthy: number) => void; readonly signal: AbortSignal },
): Promise<number> {
  const { nodes } = plan;
  const flags = {
    host: reachedAt(place),
    tls: false,
    tlsverify: false,
    tlscacert: "",
    tlscert: "",
    tlskey: "",
  };
  const client = new ManagerClient(flags, {}, 2);
  let deadline = performance.now() + PATIENCE_MS;
  const { infoNodes } = await import("../../simulate/copy/info-nodes.ts");
  const { pause } = await import("../../../discovery/timing.ts");
  try {
    let healthy = 0;
    while (!signal.aborted && performance.now() < deadline) {
      const { body } = await client.ask("GET", "/info");
      const now = infoNodes(body)?.filter(({ status }) => status === "Healthy").length ?? 0;
      if (now > healthy) deadline = performance.now() + PATIENCE_MS;
      healthy = now;
      onProgress(healthy);
      if (healthy >= nodes.length) break;
      await pause(LOOK_MS, signal);
    }
    const { movesContainers } = await import("../../simulate/planned-nodes.ts");
    if (movesContainers(plan)) await pause(TAKEN_UP_MS, signal);
    for (const { engine, availability } of nodes) {
      if (availability === "active" || signal.aborted) continue;
      await client.ask("POST", `${nodePath(engine.name)}/update`, { body: { Availability: availability } });
    }
    return healthy;
  } finally {
    client.close();
  }
}
