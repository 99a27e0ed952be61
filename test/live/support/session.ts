import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dockerEnvironment } from "../../lab/docker-cli.ts";
import { eventually } from "../../lab/eventually.ts";

/** The size a {@link Session}'s terminal has. */
export const terminalSize = { rows: 33, columns: 111 } as const;

/**
 * A docker command that goes on while the test talks to it. It ends with the test, at the latest after a minute:
 *
 *     await using session = Session.start(manager.url, ["logs", "-f", id]);
 *     await session.until("hello");
 */
export class Session implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = "";
  #errors = "";

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.#ended = once(child, "close");
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#errors += text));
    child.stdin?.on("error", () => undefined); // the command may end before it has read everything
  }

  /** Runs `docker -H url args…` with pipes for its standard streams. `env` is added to its environment. */
  static start(url: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Session {
    return Session.#spawn(["docker", "-H", url, ...args], env);
  }

  /** Runs the same at a terminal of {@link terminalSize}. Output and errors are one there, and lines end in CR LF. */
  static startAtTerminal(url: string, args: readonly string[]): Session {
    const { rows, columns } = terminalSize;
    const quoted = ["docker", "-H", url, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    const line = `stty rows ${String(rows)} cols ${String(columns)}; exec ${quoted.join(" ")}`;
    return Session.#spawn(["script", "--quiet", "--return", "--command", line, "/dev/null"]);
  }

  static #spawn(command: readonly string[], env: NodeJS.ProcessEnv = {}): Session {
    const options = { env: dockerEnvironment(env), detached: true, stdio: "pipe" } as const;
    return new Session(spawn("timeout", ["-k", "1", "60", ...command], options));
  }

  /** What it has written to its standard output so far. */
  get output(): string {
    return this.#output;
  }

  /** What it has written to its standard error so far. */
  get errors(): string {
    return this.#errors;
  }

  /** Waits for a piece of output. */
  async until(expected: string | RegExp): Promise<void> {
    const found = () =>
      typeof expected === "string" ? this.#output.includes(expected) : expected.test(this.#output);
    await eventually(`${String(expected)} in the output`, () => {
      if (found()) return true;
      if (this.isRunning) return false;
      throw new Error(`the command ended without ${String(expected)}:\n${this.#output}${this.#errors}`);
    });
  }

  write(text: string): void {
    this.#process.stdin?.write(text);
  }

  /** Closes its standard input. */
  end(): void {
    this.#process.stdin?.end();
  }

  /** Waits for its end and gives its exit code. */
  async exitCode(): Promise<number | null> {
    await this.#ended;
    return this.#process.exitCode;
  }

  /** Ends it the hard way, as a client that vanishes. */
  async kill(): Promise<void> {
    if (this.isRunning && this.#process.pid !== undefined) process.kill(-this.#process.pid, "SIGKILL");
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }
}
