import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";
import { pause } from "./timing.ts";

/** Tells when a file may have changed. */
export interface Changes extends Disposable {
  /** Resolves at the next change (or one since the last call), after `ms`, or when `signal` aborts. */
  next(ms: number, signal: AbortSignal): Promise<void>;
  /** Starts over: the folder may have been replaced. */
  reset(): void;
}

/**
 * Watches the folder, not the file: an atomic replace gives the name to another file. Where the folder cannot be watched, or the
 * name is a link to elsewhere, only the pause of `next` remains.
 */
export function watchFile(path: string): Changes {
  const folder = dirname(path);
  const name = basename(path);
  let changed = new AbortController();
  let watcher = open();

  function open(): FSWatcher | undefined {
    try {
      const opened = watch(folder, (_event, entry) => {
        // `..data` is what a Kubernetes volume swaps when the content behind its links changes.
        if (entry === null || entry === name || entry === "..data") changed.abort();
      });
      opened.on("error", () => opened.close());
      return opened;
    } catch {
      return undefined;
    }
  }

  return {
    async next(ms, signal) {
      await pause(ms, AbortSignal.any([signal, changed.signal]));
      if (changed.signal.aborted) changed = new AbortController();
    },
    reset() {
      const old = watcher;
      watcher = open();
      old?.close();
    },
    [Symbol.dispose]() {
      watcher?.close();
    },
  };
}
