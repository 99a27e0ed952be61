import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { Connection } from "../client/connection.ts";
import { requestText } from "../client/request-text.ts";
import { freePort } from "../../test/lab/free-port.ts";
import type { InsideFigures } from "./manager-probe.ts";

/** How a manager is started. */
export interface ManagerPlan {
  /** The discovery argument. */
  readonly discovery: string;
  /** Further flags of `swarm manage`. */
  readonly flags?: readonly string[];
  /** A folder for its state and its log. */
  readonly folder: string;
  /** The compiled `main.js` of another version; `""`: the one beside this file. */
  readonly program?: string;
}

/** A row of `/info`'s SystemStatus. */
type StatusRow = readonly [string, string];

/** The parts of `/info` that benchmarks look at. */
export interface Info {
  readonly Containers: number;
  readonly ContainersRunning: number;
  readonly SystemStatus: readonly StatusRow[] | null;
}

const extension = path.extname(import.meta.filename);
const PROGRAM = path.resolve(import.meta.dirname, `../../src/main${extension}`);
const PROBE = path.resolve(import.meta.dirname, `manager-probe${extension}`);

/** The real program, `swarm manage`, in a process of its own. */
export class ManagerProcess implements AsyncDisposable {
  /** `127.0.0.1:40123` */
  readonly addr: string;
  /** By `performance.now()`. */
  readonly startedMs: number;
  readonly #child: ChildProcess;
  readonly #logFile: string;

  private constructor(
    child: ChildProcess,
    addr: string,
    { logFile, startedMs }: { logFile: string; startedMs: number },
  ) {
    this.#child = child;
    this.addr = addr;
    this.#logFile = logFile;
    this.startedMs = startedMs;
  }

  /** Resolves when it answers; its engines may be pending still. */
  static async start({ discovery, flags = [], folder, program = "" }: ManagerPlan): Promise<ManagerProcess> {
    const addr = `127.0.0.1:${await freePort("127.0.0.1")}`;
    const args = ["manage", "-H", `tcp://${addr}`, "--state-dir", path.join(folder, "state"), ...flags];
    const logFile = path.join(folder, "manager.log");
    const log = openSync(logFile, "a");
    const startedMs = performance.now();
    const child = fork(program === "" ? PROGRAM : program, [...args, discovery], {
      execArgv: [...(extension === ".ts" ? ["--import", "tsx"] : []), "--expose-gc", "--import", PROBE],
      env: environment(),
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    const manager = new ManagerProcess(child, addr, { logFile, startedMs });
    await manager.#answers();
    return manager;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The end of what it logged. */
  get log(): string {
    return readFileSync(this.#logFile, "utf8").split("\n").slice(-20).join("\n");
  }

  async get(path: string): Promise<Buffer> {
    const connection = await Connection.open(this.addr);
    try {
      const { status, body } = await connection.send(requestText("GET", path), true);
      if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.toString()}`);
      return body;
    } finally {
      connection.close();
    }
  }

  async info(): Promise<Info> {
    return JSON.parse((await this.get("/info")).toString()) as Info;
  }

  /** What its process tells of itself. */
  async inside(): Promise<InsideFigures> {
    const answer = once(this.#child, "message");
    this.#child.send("figures");
    const [figures] = (await answer) as [InsideFigures];
    return figures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
    child.kill("SIGTERM");
    await ended;
    clearTimeout(late);
  }

  async #answers(): Promise<void> {
    for (const deadline = performance.now() + 30_000; performance.now() < deadline;) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`the manager ended at its start:\n${this.log}`);
      try {
        await this.get("/_ping");
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
    throw new Error(`the manager does not answer:\n${this.log}`);
  }
}

/** Ours, without settings for a manager. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(SWARM_|DEBUG$|NODE_OPTIONS$)/.test(name));
  return Object.fromEntries(kept);
}

/** How many nodes are in each state: `{ Healthy: 999, Pending: 1 }`. */
export function nodeStates({ SystemStatus }: Info): Readonly<Record<string, number>> {
  const states: Record<string, number> = {};
  for (const [key, value] of SystemStatus ?? [])
    if (key.endsWith("└ Status")) states[value] = (states[value] ?? 0) + 1;
  return states;
}
