import { readFileSync } from "node:fs";

/** Where the system does not say: what most of them allow at least. */
const USUAL_FILES = 4_096;

/** An open connection. */
export interface Closable {
  destroy(): unknown;
}

/**
 * The connections that all engines together keep open while nobody uses them: the newest of them. Each is a file, and so is each event stream, each client and
 * each stream of one; a manager of ten thousand engines that kept all it may need again would have none left for what it needs now.
 */
export class IdleBudget {
  readonly #most: number;
  /** Oldest first. */
  readonly #kept = new Set<Closable>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** It is idle from now on. Where there are too many, the one that has been idle for longest is closed. */
  keep(connection: Closable): void {
    this.#kept.add(connection);
    const [oldest] = this.#kept;
    if (this.#kept.size <= this.#most || oldest === undefined) return;
    this.#kept.delete(oldest);
    oldest.destroy();
  }

  /** It is used, or closed. */
  release(connection: Closable): void {
    this.#kept.delete(connection);
  }
}

/** A fourth of the files this process may open. */
export const idleBudget = new IdleBudget(Math.floor(mostFiles() / 4));

function mostFiles(): number {
  try {
    const [, most] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1")) ?? [];
    return most === undefined ? USUAL_FILES : Number(most);
  } catch {
    return USUAL_FILES;
  }
}
