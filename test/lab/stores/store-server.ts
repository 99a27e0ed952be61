import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import path from "node:path";
import { toolEnvironment } from "../command.ts";
import { eventually } from "../eventually.ts";

/** Where a server may live: a lab, or the claim on one. Everything in it ends with it, whatever becomes of the tests. */
export interface Home {
  readonly folder: string;
  readonly mark: NodeJS.ProcessEnv;
}

/** How to run one kind of server. */
export interface ServerKind {
  /** For messages and folder names: `consul`. */
  readonly name: string;
  /** The command line, given the server's own folder for configuration and data. Called again for each start. */
  readonly command: (folder: string) => readonly [string, ...string[]];
  /** Whether it serves now. */
  readonly isReady: () => Promise<boolean>;
  /** A folder the program makes elsewhere, whatever it is told: removed in the end if it is empty. */
  readonly strayFolder?: string;
}

/** A real store on the loopback address: it can be killed, frozen and started again, and cannot outlive its home. */
export class StoreServer implements AsyncDisposable {
  readonly folder: string;
  readonly #kind: ServerKind;
  readonly #home: Home;
  #process: ChildProcess | undefined;

  /** Makes its folder; {@link restart} starts it. */
  constructor(home: Home, kind: ServerKind) {
    this.#home = home;
    this.#kind = kind;
    this.folder = mkdtempSync(path.join(home.folder, `${kind.name}-`));
  }

  /** Starts it with an empty folder and waits until it serves. */
  static async start(home: Home, kind: ServerKind): Promise<StoreServer> {
    const server = new StoreServer(home, kind);
    await server.restart();
    return server;
  }

  /** Starts it again, with its data unless that is to be lost; kills it first if it runs. */
  async restart({ empty = false }: { readonly empty?: boolean } = {}): Promise<void> {
    await this.kill();
    if (empty) {
      rmSync(this.folder, { recursive: true, force: true });
      mkdirSync(this.folder);
    }
    const { name, command, isReady } = this.#kind;
    const log = path.join(this.folder, "log");
    // exec: the shell only redirects, so the child is the server
    const child = spawn("sh", ["-c", 'log=$0; exec "$@" >>"$log" 2>&1', log, ...command(this.folder)], {
      env: toolEnvironment(this.#home.mark),
      cwd: this.folder,
      stdio: "ignore",
    });
    this.#process = child;
    await eventually(`${name} serves`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended:\n${readFileSync(log, "utf8")}`);
      return await isReady();
    });
  }

  get running(): boolean {
    return this.#process?.exitCode === null && this.#process.signalCode === null;
  }

  /** SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Stands still when it returns: the signal alone lets its threads go on until each has noticed. */
  freeze(): void {
    const { pid } = this.#process ?? {};
    if (pid === undefined) return;
    this.#process?.kill("SIGSTOP");
    const end = performance.now() + 1_000;
    while (!standsStill(pid)) {
      if (performance.now() > end) throw new Error(`${this.#kind.name} goes on in spite of SIGSTOP`);
    }
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
    try {
      if (this.#kind.strayFolder !== undefined) rmdirSync(this.#kind.strayFolder);
    } catch {
      // Not there, or in use by another.
    }
  }
}

/** Whether an HTTP request is answered with 200. */
export async function answers(url: string, check: (body: string) => boolean = () => true): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1000) });
    return response.status === 200 && check(await response.text());
  } catch {
    return false;
  }
}

/** Is every thread of the process stopped? A thread that has ended stands still, too. */
function standsStill(pid: number): boolean {
  const threads = `/proc/${String(pid)}/task`;
  return readdirSync(threads).every((thread) => {
    try {
      const stat = readFileSync(path.join(threads, thread, "stat"), "latin1");
      return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
    } catch {
      return true;
    }
  });
}
