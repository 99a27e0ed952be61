import { readFileSync } from "node:fs";

/** Where the system does not say: what most of them allow at least. */
const USUAL_FILES = 4_096;

/**
 * How many connections all engines together may keep open that nobody uses. Each is a file, and so is each event stream, each client and each stream of one: a
 * manager of ten thousand engines that kept what it may need again would have none left for what it needs now.
 */
export class IdleBudget {
  #left: number;

  constructor(most: number) {
    this.#left = most;
  }

  /** @returns whether one more may be kept; then it is given back when it is used or closed */
  take(): boolean {
    if (this.#left <= 0) return false;
    this.#left--;
    return true;
  }

  giveBack(connections: number): void {
    this.#left += connections;
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
