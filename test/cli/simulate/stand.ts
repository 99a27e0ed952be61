import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort } from "../../lab/free-port.ts";
import { createApp } from "../../../src/app.ts";
import { startCommand, type RunningCommand } from "../command-bench.ts";
import { request } from "../../fleet/request.ts";

/** Simulations of a test, and a folder of their own for orders. */
export class Stand implements AsyncDisposable {
  readonly folder = mkdtempSync(path.join(tmpdir(), "swarm-simulate-test-"));
  readonly #running: RunningCommand[] = [];

  /** Runs `swarm simulate <words>` with the real manager; single blanks separate words. */
  command(line: string): RunningCommand {
    const words = ["simulate", ...line.split(" ").filter(Boolean)];
    const env = { XDG_RUNTIME_DIR: this.folder };
    const running = startCommand(words, env, { createApp, ask: undefined });
    this.#running.push(running);
    return running;
  }

  /** A simulation that is up, its manager at a free port. */
  async up(line: string): Promise<{ readonly addr: string; readonly running: RunningCommand }> {
    const addr = `127.0.0.1:${await freePort("127.0.0.1")}`;
    const running = this.command(`-H tcp://${addr} --engine-port 0 ${line}`);
    await this.said(running, /Ctrl-C ends it/);
    return { addr, running };
  }

  /** What the text matched on stdout, as soon as it does. Manager and engines share this process: it is not kept busy meanwhile. */
  async said(running: RunningCommand, pattern: RegExp): Promise<RegExpExecArray> {
    let ended: number | undefined;
    void running.code.then((code) => (ended = code));
    await until(() => Promise.resolve(ended !== undefined || pattern.test(running.stdout())));
    const found = pattern.exec(running.stdout());
    if (found === null)
      throw new Error(`it ended without ${String(pattern)}:\n${running.stdout()}${running.stderr()}`);
    return found;
  }

  /** A command that ends by itself. */
  async once(
    line: string,
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const running = this.command(line);
    const code = await running.code;
    return { code, stdout: running.stdout(), stderr: running.stderr() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#running) running.stop();
    await Promise.all(this.#running.map(({ code }) => code));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The parsed answer of a GET. */
export const get = async <T>(addr: string, url: string): Promise<T> =>
  JSON.parse((await request(addr, "GET", url)).body) as T;

/** Looks until it is so. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}
