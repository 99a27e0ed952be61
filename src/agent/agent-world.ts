import { pause } from "../../discovery/timing.ts";
import { probeEngine } from "./probe-engine.ts";
import type { AgentWorld } from "./types.ts";

/** The machine itself. */
export const agentWorld: AgentWorld = {
  now: () => performance.now(),
  pause,
  random: Math.random,
  probe: probeEngine,
};
