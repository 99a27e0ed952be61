import { createDiscovery } from "../../discovery/index.ts";
import { agentWorld } from "../../src/agent/agent-world.ts";
import type { CommandWorld } from "../../src/cli/command-world.ts";
import { run } from "../../src/cli/run.ts";

/** A command under way in a world of its own, as a process would be. */
export interface RunningCommand {
  readonly code: Promise<number>;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with what the text matched on stdout, when it does. Never, if it never does: ends with the test. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** As SIGTERM does. */
  stop(): void;
  /** As SIGHUP does. */
  hangUp(): void;
}

/**
 * Runs `swarm <words>` with the real parts behind it.
 * @param more what its world has beside, or instead
 */
export function startCommand(
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
  more: Partial<CommandWorld> = {},
): RunningCommand {
  let [stdout, stderr] = ["", ""];
  let reload: () => void = () => undefined;
  const stop = new AbortController();
  const world: CommandWorld = {
    env,
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    program: "swarm",
    version: "1.2.3",
    gitCommit: "abcdef0",
    now: () => new Date(2026, 10, 21, 6, 4, 33),
    stopGracefully: () => stop.signal,
    onHangup: (call) => (reload = call),
    createDiscovery,
    agent: agentWorld,
    createApp: () => Promise.reject(new Error("no manager here")),
    ...more,
  };
  const code = run(words, world);
  let ended = false;
  code.then(
    () => (ended = true),
    () => (ended = true),
  );
  return {
    code,
    stdout: () => stdout,
    stderr: () => stderr,
    async until(pattern) {
      for (;;) {
        const found = pattern.exec(stdout);
        if (found) return found;
        if (ended) throw new Error(`the command ended without ${String(pattern)}:\n${stdout}${stderr}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    stop: () => stop.abort(),
    hangUp: () => reload(),
  };
}
