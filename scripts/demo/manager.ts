import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import path from "node:path";
import { eventually } from "../../test/lab/eventually.ts";
import { run } from "../../test/lab/command.ts";
import { repositoryRoot } from "../../test/lab/paths.ts";

/** `npm run build`, without npm: nothing but the compiler is needed. */
export async function buildManager(): Promise<void> {
  const compiler = path.join(repositoryRoot, "node_modules/typescript/bin/tsc");
  const { code, stdout, stderr } = await run(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
    cwd: repositoryRoot,
  });
  if (code !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}

/** @throws when something listens there already */
export async function assertPortIsFree(port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const busy = `port ${port} is in use: stop what listens there, or choose another with --port`;
      reject(error.code === "EADDRINUSE" ? new Error(busy) : error);
    });
    probe.listen(port, "127.0.0.1", resolve);
  });
  await new Promise((resolve) => probe.close(resolve));
}

/** The rows of `docker info` that say how the nodes are. */
type SystemStatus = readonly (readonly [string, string])[];

/** A real `swarm manage` in a process of its own. */
export class Manager implements AsyncDisposable {
  /** `tcp://127.0.0.1:3376` */
  readonly host: string;
  /** As one would type it. */
  readonly commandLine: string;
  readonly #url: string;
  readonly #child: ChildProcess;
  readonly #log: string[] = [];

  constructor(port: number, addresses: readonly string[]) {
    this.host = `tcp://127.0.0.1:${port}`;
    this.#url = `http://127.0.0.1:${port}`;
    const quick = [
      "--engine-refresh-min-interval",
      "1s",
      "--engine-refresh-max-interval",
      "2s",
      "--engine-failure-retry",
      "2",
    ];
    const args = ["manage", "-H", this.host, ...quick, addresses.join(",")];
    this.commandLine = `swarm ${args.join(" ")}`;
    const inherited = Object.entries(process.env).filter(([name]) => !/^(SWARM_|DEBUG$)/.test(name));
    // Its engines are gone with the demo: there is nothing to remember.
    const env = { ...Object.fromEntries(inherited), SWARM_STATE_DIR: "none" };
    // A process group of its own: a Ctrl-C at the terminal is for the demo, which then ends the manager in order.
    this.#child = spawn(process.execPath, [path.join(repositoryRoot, "dist/src/main.js"), ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#log.push(chunk.toString());
        if (this.#log.length > 200) this.#log.shift();
      });
    }
    process.once("exit", this.#kill);
  }

  readonly #kill = (): void => {
    this.#child.kill("SIGKILL");
  };

  /** What the manager logged last. */
  get log(): string {
    return this.#log.join("").split("\n").slice(-25).join("\n");
  }

  /** The status of each node, in the order of `docker info`. */
  async nodeStatus(): Promise<string[]> {
    const response = await fetch(`${this.#url}/info`, { signal: AbortSignal.timeout(5000) });
    const { SystemStatus: rows } = (await response.json()) as { SystemStatus: SystemStatus | null };
    return (rows ?? []).filter(([key]) => key.endsWith("└ Status")).map(([, value]) => value);
  }

  /** Waits until the nodes' states are these, in any order. Ends when `stop` does. */
  async until(wanted: readonly string[], stop: AbortSignal): Promise<void> {
    const sorted = [...wanted].sort().join(", ");
    let seen = "";
    const ask = async (): Promise<boolean> => {
      stop.throwIfAborted();
      if (this.#child.exitCode !== null)
        throw new Error(`the manager ended with ${this.#child.exitCode}:\n${this.log}`);
      seen = (await this.nodeStatus().catch(() => [])).sort().join(", ");
      return seen === sorted;
    };
    await eventually("", ask, 60_000, 200).catch((error: unknown) => {
      if (stop.aborted || this.#child.exitCode !== null) throw error;
      throw new Error(`the nodes are not [${sorted}] but [${seen}] after a minute:\n${this.log}`, {
        cause: error,
      });
    });
  }

  /** Ends it with SIGTERM and gives its exit code; SIGKILL after ten seconds. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      child.kill("SIGTERM");
      await ended;
      clearTimeout(late);
    }
    process.removeListener("exit", this.#kill);
    return child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
