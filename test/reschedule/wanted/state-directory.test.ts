import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { WantedBook } from "../../../src/reschedule/wanted/book.ts";
import { openStore } from "../../../src/store/open.ts";
import { collectedLog, id } from "./builders.ts";

describe("reschedule/wanted in a state directory", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "swarm-state-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the writer until so many changes are stored, then some more milliseconds. Answers the newest change stored of each container. */
  async function killedAfter(changes: number, ms: number): Promise<ReadonlyMap<string, number>> {
    const program = path.join(import.meta.dirname, "writer-program.ts");
    const child = spawn(process.execPath, ["--import", "tsx", program, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    const stored = new Map<string, number>();
    let count = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const [key = "", change = ""] = line.split(" ");
      stored.set(key, Number(change));
      if (++count === changes) setTimeout(() => child.kill("SIGKILL"), ms);
    }
    await ended;
    return stored;
  }

  // Moments within a write, which takes some milliseconds, are met by chance: more of them on a machine that is slower or faster.
  for (const [changes, ms] of [
    [1, 0],
    [9, 3],
    [40, 7],
    [80, 13],
  ] as const) {
    it(`whoever is killed ${ms} ms after ${changes} changes has lost none of them`, async function () {
      this.timeout(30_000);
      const stored = await killedAfter(changes, ms);
      const damaged: string[] = [];
      const store = await openStore(`file://${folder}`, { onDamaged: (file) => damaged.push(file) });
      const { log, lines } = collectedLog();
      await using book = new WantedBook({ store, log });
      await book.load(AbortSignal.timeout(5_000));
      expect([damaged, lines]).to.deep.equal([[], []]);
      expect(stored.size).to.be.greaterThan(0);
      for (const [key, change] of stored) expect(book.get(id(key))?.updatedMs).to.be.at.least(change);
      await store.close();
    });
  }
});
