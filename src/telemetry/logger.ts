import { pino, type Logger } from "pino";
import { prettyFactory } from "pino-pretty";
import type { LogLevel } from "../config.ts";

/**
 * The program's logger. Messages are constant texts (see `messages.ts`), data goes into fields. Never give it an environment,
 * an auth header or a body.
 */
export type { Logger } from "pino";

export interface LoggerOptions {
  readonly level: LogLevel;
  /** Does a person read along? Then lines are for people, else one JSON object each. */
  readonly tty: boolean;
  readonly stream: { write(line: string): unknown };
}

/** A logger that writes each line at once: the last words of a dying process must not be lost. */
export function createLogger({ level, tty, stream }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
    },
    tty ? readable(stream) : stream,
  );
}

/** Errors of HTTP clients carry requests, and those carry credentials: only these parts of an error are ever logged. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === "string" ? error : undefined;
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? { stack: error.stack } : { code }),
    ...(error.cause instanceof Error ? { cause: error.cause.message } : {}),
  };
}

function readable(stream: LoggerOptions["stream"]): { write(line: string): void } {
  const pretty = prettyFactory({
    colorize: true,
    translateTime: "SYS:HH:MM:ss",
    singleLine: true,
    ignore: "pid,hostname",
  });
  return {
    write(line) {
      stream.write(pretty(line));
    },
  };
}
