#!/usr/bin/env node
import { basename } from "node:path";
import { run } from "./cli/run.ts";
import { installShutdown } from "./cli/shutdown.ts";
import { programVersion } from "./cli/version.ts";

// A log reader that went away is no reason to stop managing a cluster.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);

const die = async (error: unknown): Promise<never> => {
  try {
    const { createLogger } = await import("./telemetry/logger.ts");
    const log = createLogger({ level: "info", tty: process.stdout.isTTY, stream: process.stdout });
    log.fatal({ err: error }, "unexpected error");
  } finally {
    process.exit(1);
  }
};
process.on("unhandledRejection", (error) => void die(error));
process.on("uncaughtException", (error) => void die(error));

const called = basename(process.argv[1] ?? "swarm").replace(/\.[cm]?[jt]s$/, "");
const { stopGracefully, onHangup } = installShutdown(process);
const code = await run(process.argv.slice(2), {
  ...programVersion(),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  program: called === "main" ? "swarm" : called,
  createApp: async (config, world) => (await import("./app.ts")).createApp(config, world),
  now: () => new Date(),
  stopGracefully,
  onHangup,
});
// Whatever a dependency left open must not keep a finished program alive.
process.exit(code);
