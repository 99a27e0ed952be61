import type { LogLevel } from "../config.ts";

const levels: Readonly<Record<string, LogLevel>> = {
  debug: "debug",
  info: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  fatal: "fatal",
  // Nothing of ours is worse than fatal, and a fatal line is never worth hiding.
  panic: "fatal",
};

/**
 * Reads `--log-level`; case does not matter (spec: cli.md §1.1).
 * @throws Error `not a valid logrus Level: "bogus"`
 */
export function parseLogLevel(text: string): LogLevel {
  const name = text.toLowerCase();
  const level = Object.hasOwn(levels, name) ? levels[name] : undefined;
  if (level === undefined) throw new Error(`not a valid logrus Level: ${JSON.stringify(text)}`);
  return level;
}
