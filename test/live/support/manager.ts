import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { toolEnvironment } from "../../lab/command.ts";
import { eventually } from "../../lab/eventually.ts";
import { freePort } from "../../lab/free-port.ts";
import type { Lab } from "../../lab/lab.ts";
import { repositoryRoot } from "../../lab/paths.ts";
import { clientTls } from "../../lab/docker-cli.ts";
import { dockerAt } from "./docker-cli.ts";
import type { Docker } from "./docker-cli.ts";
import { httpGet } from "./http-get.ts";
import { tlsFlags } from "./manager-tls.ts";
import type { ManagerTls } from "./manager-tls.ts";

/** How to start a manager; by default over all engines of the lab. */
export interface ManagerOptions {
  /** The discovery argument, such as `file:///path`. Default: `nodes://` and every engine's address. */
  readonly discovery?: string;
  /** Flags of `swarm manage`, before the discovery argument. */
  readonly args?: readonly string[];
  /** Global flags, before `manage`. */
  readonly globalArgs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** How many healthy nodes to wait for; 0 waits only for an answer. Default: the number of engines in the lab. */
  readonly healthyNodes?: number;
  /** Serves TLS and reaches the engines by TLS, see `managerTls`. */
  readonly tls?: ManagerTls;
  /** One manager of several, at the address others reach it by: its own. Needs a `discovery` that can elect. Default: no. */
  readonly replicated?: boolean;
  /** Its `--state-dir`: give two managers, one after the other, the same to have the second go on. Default: the default, of a home of its own. */
  readonly stateDir?: string;
}

/** A node as `/info` shows it: its name and the rows below it. */
export interface NodeRows {
  readonly name: string;
  readonly address: string;
  /** `Status`, `Containers`, `Labels`, … as text. */
  readonly rows: Readonly<Record<string, string>>;
}

/**
 * The real program in a process of its own, on a free port of the loopback interface. It carries the lab's mark, so it
 * cannot outlive the lab. Runs from the sources; with `SWARM_TEST_DIST=1` what was built.
 */
export class Manager implements AsyncDisposable {
  /** As `docker -H` takes it. */
  readonly url: string;
  /** As `fetch` takes it, without a slash at the end; with TLS use {@link Manager.get}, which has the certificates. */
  readonly http: string;
  /** The docker client bound to this manager. */
  readonly docker: Docker;
  /** `127.0.0.1:40123`, what it advertises when it is one of several. */
  readonly address: string;
  readonly #tls: ManagerTls | undefined;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #logs = "";

  private constructor(port: number, child: ChildProcess, tls: ManagerTls | undefined) {
    this.address = `127.0.0.1:${String(port)}`;
    this.url = `tcp://${this.address}`;
    this.http = `${tls === undefined ? "http" : "https"}://127.0.0.1:${String(port)}`;
    this.docker = dockerAt(this.url, clientTls(tls?.clientFolder));
    this.#tls = tls;
    this.#process = child;
    this.#ended = once(child, "close");
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#logs += text));
    }
  }

  /**
   * Starts the program and waits until it serves the nodes asked for.
   * @throws {Error} with the manager's log when it ends early or the nodes do not become healthy within 30 s.
   */
  static async start(lab: Lab, options: ManagerOptions = {}): Promise<Manager> {
    const { args = [], globalArgs = [], env = {}, healthyNodes = lab.engines.length, tls } = options;
    const discovery = options.discovery ?? `nodes://${lab.engines.map(({ addr }) => addr).join(",")}`;
    const port = await freePort("127.0.0.1");
    const address = `127.0.0.1:${String(port)}`;
    const several = options.replicated === true ? ["--replication", "--advertise", address] : [];
    const listen = ["-H", `tcp://${address}`, ...several];
    const child = spawn(
      process.execPath,
      [...program(), ...globalArgs, "manage", ...listen, ...(tls ? tlsFlags(tls) : []), ...args, discovery],
      {
        cwd: repositoryRoot,
        env: { ...withoutSettings(toolEnvironment(lab.mark)), ...stateOf(lab, port, options), ...env },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const manager = new Manager(port, child, tls);
    try {
      await manager.#ready(healthyNodes);
      return manager;
    } catch (error) {
      child.kill("SIGKILL");
      await manager.#ended;
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${manager.logs}`, {
        cause: error,
      });
    }
  }

  /** Everything the program has written, to either stream. */
  get logs(): string {
    return this.#logs;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Asks its API, with the client's certificate where it serves TLS. */
  async get(apiPath: string): Promise<{ readonly status: number; readonly body: string }> {
    return await httpGet(this.http + apiPath, this.#tls?.clientFolder);
  }

  /** SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  /** Connections stay open, nothing is answered (SIGSTOP). */
  freeze(): void {
    this.#process.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process.kill("SIGCONT");
  }

  /** Makes it read its certificates again. */
  reload(): void {
    this.#process.kill("SIGHUP");
  }

  /** `GET /info`, parsed. */
  async info(): Promise<Record<string, unknown>> {
    return JSON.parse((await this.get("/info")).body) as Record<string, unknown>;
  }

  /** The nodes of `/info`, with their rows. */
  async nodes(): Promise<readonly NodeRows[]> {
    const status = (await this.info()).SystemStatus as [string, string][] | undefined;
    const nodes: { name: string; address: string; rows: Record<string, string> }[] = [];
    let inNodes = false;
    for (const [key, value] of status ?? []) {
      const row = /^ {2}└ (.*)$/.exec(key)?.[1];
      if (row !== undefined) nodes.at(-1)!.rows[row] = value;
      else if (inNodes) nodes.push({ name: key.trim(), address: value, rows: {} });
      inNodes ||= key.trim() === "Nodes";
    }
    return nodes;
  }

  /** Waits until `/info` satisfies the test's wish about the nodes. */
  async untilNodes(
    what: string,
    holds: (nodes: readonly NodeRows[]) => boolean,
    timeoutMs = 30_000,
  ): Promise<void> {
    const ask = async () => {
      if (!this.isRunning) throw new Error(`the manager ended: ${what}`);
      return holds(await this.nodes().catch(() => []));
    };
    await eventually(what, ask, timeoutMs, 50);
  }

  /**
   * Ends the program and waits for it.
   * @throws {Error} with its log when its exit code is not 0 or it needs more than 15 s; then it is killed.
   */
  async stop(signal: "SIGTERM" | "SIGINT" = "SIGTERM"): Promise<void> {
    if (this.isRunning) this.#process.kill(signal);
    const killer = setTimeout(() => this.#process.kill("SIGKILL"), 15_000);
    await this.#ended;
    clearTimeout(killer);
    const { exitCode, signalCode } = this.#process;
    if (exitCode === 0) return;
    const end =
      signalCode === "SIGKILL"
        ? "had to be killed after 15 s"
        : `ended with ${String(exitCode ?? signalCode)}`;
    throw new Error(`the manager ${end}\n${this.logs}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #ready(healthyNodes: number): Promise<void> {
    if (healthyNodes > 0) {
      const healthy = ({ rows }: NodeRows) => rows.Status === "Healthy";
      await this.untilNodes(
        `${String(healthyNodes)} nodes are healthy`,
        (nodes) => nodes.filter(healthy).length >= healthyNodes,
      );
      return;
    }
    await eventually("the manager answers", async () => {
      if (!this.isRunning) throw new Error("the manager ended");
      return await this.get("/_ping").then(
        ({ status }) => status === 200,
        () => false,
      );
    });
  }
}

function program(): string[] {
  const built = process.env.SWARM_TEST_DIST === "1";
  return built
    ? [path.join(repositoryRoot, "dist/src/main.js")]
    : ["--import", "tsx", path.join(repositoryRoot, "src/main.ts")];
}

/** What it keeps goes with the lab. */
function stateOf(lab: Lab, port: number, { stateDir }: ManagerOptions): NodeJS.ProcessEnv {
  const HOME = path.join(lab.folder, `home-${String(port)}`);
  return stateDir === undefined ? { HOME } : { HOME, SWARM_STATE_DIR: stateDir };
}

/** The developer's own settings of the program must not reach the one under test. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => name === "SWARM_LAB" || !/^(SWARM_.*|DEBUG)$/.test(name)),
  );
}
