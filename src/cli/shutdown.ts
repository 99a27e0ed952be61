import { constants } from "node:os";

/** What `Shutdown` needs of `process`. */
export interface SignalSource {
  on(signal: "SIGTERM" | "SIGINT" | "SIGHUP", listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * Signals of the process. Until a command asks for a graceful end, a signal ends the process at once with 128 + its number; after
 * that the first is a request and the second ends it (spec: cli.md §6.3). As pid 1 nobody else would.
 */
export function installShutdown(source: SignalSource): {
  readonly stopGracefully: () => AbortSignal;
  /** SIGHUP calls this from now on. */
  readonly onHangup: (reload: () => void) => void;
} {
  let hungUp: (() => void) | undefined;
  let graceful: AbortController | undefined;
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    source.on(name, () => {
      if (graceful && !graceful.signal.aborted) graceful.abort();
      else source.exit(128 + constants.signals[name]);
    });
  }
  const onHangup = (reload: () => void): void => {
    if (hungUp === undefined) source.on("SIGHUP", () => hungUp?.());
    hungUp = reload;
  };
  return { stopGracefully: () => (graceful ??= new AbortController()).signal, onHangup };
}
