import { createDiscovery } from "../../discovery/index.ts";
import { until } from "../../discovery/timing.ts";
import type { Discovery } from "../../discovery/types.ts";
import type { AgentWorld } from "../../src/agent/types.ts";
import type { App, World } from "../../src/app.ts";
import type { CommandWorld } from "../../src/cli/command-world.ts";
import { run } from "../../src/cli/run.ts";
import type { ManageConfig } from "../../src/config.ts";

/** One command line run in a world of its own. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Log lines on stdout: `level message`. */
  readonly logged: readonly string[];
  /** What `manage` started the app with. */
  readonly config: ManageConfig | undefined;
}

/** What the fake app does; by default it starts, and is asked to stop at once. */
export interface FakeApp {
  readonly start?: (world: World) => Promise<void>;
  readonly ready?: Promise<void>;
  readonly failed?: Promise<never>;
  readonly dispose?: () => Promise<void>;
  readonly reload?: () => void;
  /** Does anybody ask the manager to stop? */
  readonly stop?: boolean;
}

/** What differs from an empty world. */
export interface FakeWorld {
  readonly env?: NodeJS.ProcessEnv;
  readonly app?: FakeApp;
  /** What `list` and `join` get, whatever the URI says. */
  readonly discovery?: Discovery;
  readonly agent?: Partial<AgentWorld>;
  /** Aborted when somebody asks the program to stop. */
  readonly stop?: AbortController;
  readonly now?: () => Date;
  /** The person at the terminal; absent: nobody. */
  readonly ask?: (question: string) => Promise<string>;
  /** Given what SIGHUP would call. */
  readonly onHangup?: (reload: () => void) => void;
}

/** An agent in a world where an engine answers and no time passes. */
const lonelyAgent: AgentWorld = {
  now: () => 0,
  pause: (_ms, signal) => until(signal),
  random: () => 0.5,
  probe: () => Promise.resolve(undefined),
};

/** Runs `swarm <words>`; single blanks separate words. */
export async function swarm(
  line: string,
  {
    env: given = {},
    app = {},
    discovery,
    agent,
    stop = new AbortController(),
    now,
    ask,
    onHangup,
  }: FakeWorld = {},
): Promise<Outcome> {
  // Nothing is kept, unless the test says where.
  const env = { SWARM_STATE_DIR: "none", ...given };
  let stdout = "";
  let stderr = "";
  let config: ManageConfig | undefined;
  const world: CommandWorld = {
    env,
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    program: "swarm",
    version: "1.2.3",
    gitCommit: "abcdef0",
    createDiscovery: discovery === undefined ? createDiscovery : () => discovery,
    agent: { ...lonelyAgent, ...agent },
    ask,
    now: now ?? (() => new Date(2026, 10, 21, 6, 4, 33)),
    stopGracefully: () => stop.signal,
    onHangup: onHangup ?? (() => undefined),
    async createApp(wanted, inner): Promise<App> {
      config = wanted;
      await app.start?.(inner);
      if (app.stop !== false) setImmediate(() => stop.abort());
      return {
        ready: app.ready ?? Promise.resolve(),
        reload: app.reload ?? (() => undefined),
        failed: app.failed ?? new Promise<never>(() => undefined),
        [Symbol.asyncDispose]: app.dispose ?? (() => Promise.resolve()),
      };
    },
  };
  const code = await run(line.split(" ").filter(Boolean), world);
  return { code, stdout, stderr, logged: logLines(stdout), config };
}

/** The log lines of a text: `fatal strategy not supported`. */
export function logLines(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as { level: string; msg: string })
    .map(({ level, msg }) => `${level} ${msg}`);
}
