import { constants } from "node:os";

/** What `Shutdown` needs of `process`. */
export interface SignalSource {
  on(signal: "SIGTERM" | "SIGINT", listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * Signals of the process. Until a command asks for a graceful end, a signal ends the process at once with 128 + its number; after
 * that the first is a request and the second ends it (spec: cli.md §6.3). As pid 1 nobody else would.
 */
export function installShutdown(source: SignalSource): { readonly stopGracefully: () => AbortSignal } {
  let graceful: AbortController | undefined;
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    source.on(name, () => {
      if (graceful && !graceful.signal.aborted) graceful.abort();
      else source.exit(128 + constants.signals[name]);
    });
  }
  return { stopGracefully: () => (graceful ??= new AbortController()).signal };
}
