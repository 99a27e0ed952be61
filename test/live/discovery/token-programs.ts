import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { run, toolEnvironment, type CommandResult } from "../../lab/command.ts";
import { eventually } from "../../lab/eventually.ts";
import { repositoryRoot } from "../../lab/paths.ts";
import { lab } from "../support/fixtures.ts";

const command = ["--import", "tsx", path.join(repositoryRoot, "src/main.ts")];

/** The lab's mark ends what a test forgets; the developer's own settings stay outside. */
function environment(extra: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const inherited = Object.entries(toolEnvironment(lab().mark)).filter(
    ([name]) => name === "SWARM_LAB" || !/^(SWARM_.*|DEBUG)$/.test(name),
  );
  return { ...Object.fromEntries(inherited), HOME: path.join(lab().folder, "home"), ...extra };
}

/** Runs `swarm <args>` to its end. */
export async function swarm(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  return await run(process.execPath, [...command, ...args], {
    cwd: repositoryRoot,
    env: environment(env),
    timeoutMs: 30_000,
  });
}

/** `swarm discovery-service` or `swarm join`, in a process of its own. */
export class Program implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #logs = "";

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#process = spawn(process.execPath, [...command, ...args], {
      cwd: repositoryRoot,
      env: environment(env),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#ended = once(this.#process, "close");
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#logs += text));
    }
  }

  get logs(): string {
    return this.#logs;
  }

  /** Waits until the log has this. @throws {Error} with the log when the program ends first, or after 30 s. */
  async until(pattern: RegExp): Promise<void> {
    await eventually(`the log has ${String(pattern)}`, () => {
      if (pattern.test(this.#logs)) return true;
      if (this.#process.exitCode !== null) throw new Error(`the program ended:\n${this.#logs}`);
      return false;
    });
  }

  /** Answers the exit code; null after SIGKILL. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
    if (this.#process.exitCode === null) this.#process.kill(signal);
    await this.#ended;
    return this.#process.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
  }
}
