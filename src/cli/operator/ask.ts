import type { CommandWorld } from "../command-world.ts";

/** Whom to ask; undefined: nobody is at a terminal. */
export function asker(world: CommandWorld): CommandWorld["ask"] {
  if ("ask" in world) return world.ask;
  if (!process.stdin.isTTY || world.stdout.isTTY !== true) return undefined;
  return async (question, signal) => {
    const { createInterface } = await import("node:readline/promises");
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    // In raw mode Ctrl-C is a key.
    const left = new AbortController();
    lines.once("SIGINT", () => left.abort());
    lines.once("close", () => left.abort());
    try {
      return await lines.question(question, { signal: AbortSignal.any([signal, left.signal]) });
    } catch {
      return "";
    } finally {
      lines.close();
    }
  };
}
