import type { Registrar } from "../../discovery/types.ts";
import { Agent } from "../agent/agent.ts";
import { agentWorld } from "../agent/agent-world.ts";
import type { Rhythm } from "../agent/rhythm.ts";
import { reportHealth } from "../health/reporter.ts";
import {
  checkAdvertise,
  discoveryArgument,
  durationFlag,
  heartbeatFlag,
  keyValues,
  openDiscovery,
} from "./checks.ts";
import { closeWithin } from "./close-within.ts";
import { CommandError } from "./command-error.ts";
import type { Invocation } from "./command-world.ts";
import type { FlagValues } from "./flag-parser.ts";
import type { joinFlags } from "./flags.ts";

type JoinFlags = FlagValues<typeof joinFlags>;

/** How long closing the connection to the discovery service may take. */
const closeWithinMs = 2000;

/**
 * `swarm join`: keeps an engine's entry in a discovery service alive until a signal, then removes it (spec: cli.md §4,
 * discovery.md §9).
 * @throws CommandError for a bad command line, and for discovery that people edit
 */
export async function join(
  flags: JoinFlags,
  positional: readonly string[],
  { world, log }: Invocation,
): Promise<number> {
  const uri = discoveryArgument(positional, world.env);
  if (uri === "") {
    throw new CommandError(`discovery required to join a cluster. See '${world.program} join --help'.`);
  }
  if (flags.advertise === "") throw new CommandError("missing mandatory --advertise flag");
  checkAdvertise(flags.advertise);
  const rhythm = readRhythm(flags);
  const options = keyValues("discovery-opt", flags["discovery-opt"]);
  const settings = { heartbeatMs: rhythm.heartbeatMs, options, env: world.env };
  const discovery = await openDiscovery(uri, settings, world.createDiscovery);
  try {
    for (const notice of discovery.notices) log.info(notice);
    if (discovery.registrar === undefined) {
      const hint = `add ${flags.advertise} to ${discovery.description} by hand`;
      throw new CommandError(`not implemented in this discovery service: ${hint}`);
    }
    await keepRegistered(flags.advertise, rhythm, discovery.registrar, discovery.description, { world, log });
  } finally {
    const closed = await closeWithin(closeWithinMs, discovery[Symbol.asyncDispose]());
    if (closed instanceof Error) log.warn({ err: closed }, "stopped with an error");
  }
  return 0;
}

function readRhythm(flags: JoinFlags): Rhythm {
  const delayMs = durationFlag("delay", flags.delay);
  if (delayMs < 0) throw new CommandError("--delay should not be a negative number");
  const heartbeatMs = heartbeatFlag(flags.heartbeat);
  const ttlMs = durationFlag("ttl", flags.ttl);
  if (ttlMs <= heartbeatMs) {
    throw new CommandError("--ttl must be strictly superior to the heartbeat value");
  }
  return { heartbeatMs, ttlMs, delayMs };
}

async function keepRegistered(
  address: string,
  rhythm: Rhythm,
  registrar: Registrar,
  discovery: string,
  { world, log }: Invocation,
): Promise<void> {
  const stop = world.stopGracefully();
  stop.addEventListener("abort", () => log.info("stopping"));
  const agent = new Agent({ address, rhythm, registrar, discovery, log, world: world.agent ?? agentWorld });
  const report = reportHealth({
    path: world.env.SWARM_HEALTH_FILE,
    command: "join",
    health: () => agent.health(),
    log,
    now: world.now,
  });
  try {
    await agent.run(stop);
  } finally {
    await report[Symbol.asyncDispose]();
  }
}
