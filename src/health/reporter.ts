import { pause as realPause } from "../../discovery/timing.ts";
import type { Logger } from "../telemetry/logger.ts";
import { fileErrorText } from "../telemetry/os-error.ts";
import { removeStatus, writeStatus } from "./status-file.ts";
import type { Health, HealthStatus } from "./types.ts";

const lookMs = 1000;
const writeMs = 5000;
const maxDetail = 1000;

export interface HealthReport {
  /** Where the status goes; undefined or empty: nobody asked for it, nothing is written. */
  readonly path: string | undefined;
  /** `manage`, `join` or `discovery-service`. */
  readonly command: string;
  readonly health: () => Health;
  readonly log: Logger;
  readonly now: () => Date;
  /** Tests bring their own. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Keeps the status file of a running command up to date for `swarm health`: written when the health changes, and every five seconds.
 * A file that cannot be written is warned about once and tried again. Disposing ends it and removes the file.
 */
export function reportHealth(report: HealthReport): AsyncDisposable {
  const { path, log } = report;
  if (path === undefined || path === "") return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const life = new AbortController();
  const ended = keepWriting(path, report, life.signal);
  return {
    async [Symbol.asyncDispose]() {
      life.abort();
      await ended;
      await removeStatus(path).catch((error: unknown) =>
        log.debug({ err: error }, "status file not removed"),
      );
    },
  };
}

async function keepWriting(path: string, report: HealthReport, signal: AbortSignal): Promise<void> {
  const { command, health, log, now, pause = realPause } = report;
  let written: Health | undefined;
  let idleMs = 0;
  let warned = false;
  while (!signal.aborted) {
    const current = health();
    if (idleMs >= writeMs || current.healthy !== written?.healthy || current.detail !== written.detail) {
      const status: HealthStatus = {
        command,
        healthy: current.healthy,
        detail: current.detail.slice(0, maxDetail),
        at: now().toISOString(),
        pid: process.pid,
      };
      try {
        await writeStatus(path, status);
        written = current;
        idleMs = 0;
        warned = false;
      } catch (error) {
        if (!warned) log.warn(`cannot write $SWARM_HEALTH_FILE: ${fileErrorText(path, error)}`);
        warned = true;
      }
    }
    await pause(lookMs, signal);
    idleMs += lookMs;
  }
}
