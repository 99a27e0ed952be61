import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { toolEnvironment } from "../../../lab/command.ts";
import type { Lab } from "../../../lab/lab.ts";
import { findTool } from "../../../lab/system.ts";
import type { Act } from "../invariants/observations.ts";

interface Packet {
  readonly atMs: number;
  readonly from: string;
  readonly to: string;
  readonly sequence: number;
  readonly line: string;
}

/**
 * Listens on the lab's switch to what managers ask engines to make and to remove: neither a manager nor an engine can tell it wrong, and nothing
 * about the network changes by it.
 */
export class Audit implements AsyncDisposable {
  readonly acts: Act[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.#ended = once(child, "exit");
  }

  /** @param managers names by address */
  static async start(lab: Lab, managers: ReadonlyMap<string, string>): Promise<Audit> {
    const python = findTool("python3");
    if (python === undefined) throw new Error("python3 is missing: apt-get install python3");
    const interfaces = lab.engines.map((_, index) => `v-${String(index)}`);
    const script = path.join(import.meta.dirname, "sniff.py");
    const child = spawn(
      "nsenter",
      [`--net=${lab.network.namespaceFile("hub")}`, python, script, "2375", ...interfaces],
      { env: toolEnvironment(lab.mark), stdio: ["pipe", "pipe", "inherit"] },
    );
    const audit = new Audit(child);
    const engines = new Map(lab.engines.map(({ ip, name }) => [ip, name]));
    const seen = new Set<string>();
    const lines = createInterface({ input: child.stdout });
    const ready = once(lines, "line", { signal: AbortSignal.timeout(15_000) });
    await ready;
    lines.on("line", (line) => {
      const { atMs, from, to, sequence, line: request } = JSON.parse(line) as Packet;
      const key = `${from} ${to} ${String(sequence)} ${request}`;
      if (seen.has(key)) return; // sent again by TCP
      seen.add(key);
      audit.acts.push({
        atMs,
        manager: managers.get(from) ?? from,
        engine: engines.get(to) ?? to,
        line: request,
      });
    });
    return audit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin?.end();
    await this.#ended;
  }
}
