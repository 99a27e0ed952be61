import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";

/** A path for a Unix socket that nothing uses yet. Whoever listens on it removes it. */
export function temporarySocket(): string {
  return path.join(tmpdir(), `swarm-live-${randomUUID().slice(0, 8)}.sock`);
}
