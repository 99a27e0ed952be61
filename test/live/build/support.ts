import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { dockerEnvironment } from "../../lab/docker-cli.ts";
import { eventually } from "../../lab/eventually.ts";
import type { LabEngine } from "../../lab/engine.ts";
import { lab } from "../support/fixtures.ts";

/** A folder with these files, to build from. It goes with the lab. */
export function buildContext(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(lab().folder, "context-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

/** The names of the images an engine has, but for the one all have. */
export async function imagesOn(engine: LabEngine): Promise<readonly string[]> {
  const { body } = await engine.api("GET", "/images/json");
  const tags = (JSON.parse(body) as { RepoTags: string[] | null }[]).flatMap(
    ({ RepoTags }) => RepoTags ?? [],
  );
  return tags.filter((tag) => tag !== "busybox:latest" && tag !== "<none>:<none>");
}

/** The nodes that have an image of this name. */
export async function nodesWith(image: string): Promise<readonly string[]> {
  const found = await Promise.all(
    lab().engines.map(async (engine) => ((await imagesOn(engine)).includes(image) ? [engine.name] : [])),
  );
  return found.flat();
}

/** Removes what builds left on the engines: images and build caches. */
export async function removeBuilt(): Promise<void> {
  await Promise.all(
    lab().engines.map(async (engine) => {
      for (const tag of await imagesOn(engine)) await engine.api("DELETE", `/images/${tag}?force=1`);
      await engine.api("POST", "/images/prune");
      await engine.api("POST", "/build/prune?all=1");
    }),
  );
}

/** Does a process with exactly these arguments run, in any namespace of this machine? */
export function isProcessRunning(args: readonly string[]): boolean {
  const wanted = `${args.join("\0")}\0`;
  return readdirSync("/proc").some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1") === wanted;
    } catch {
      return false; // ended meanwhile
    }
  });
}

/** How long a build may run, milliseconds. */
const BUILD_MS = 60_000;

/** A `docker build` that goes on while the test looks at it or interrupts it. It ends with the test, at the latest after a minute. */
export class RunningBuild implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = "";

  constructor(url: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#process = spawn("docker", ["-H", url, ...args], {
      env: dockerEnvironment(env),
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#ended = once(this.#process, "close");
    const timer = setTimeout(() => this.#kill("SIGKILL"), BUILD_MS);
    void this.#ended.then(() => clearTimeout(timer));
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => (this.#output += text));
    }
  }

  /** Everything it has written, to either stream. */
  get output(): string {
    return this.#output;
  }

  async until(expected: RegExp): Promise<void> {
    await eventually(`${String(expected)} in the output`, () => {
      if (expected.test(this.#output)) return true;
      if (this.#isRunning) return false;
      throw new Error(`the build ended without ${String(expected)}:\n${this.#output}`);
    });
  }

  /** Ctrl-C: the whole foreground group gets it. */
  interrupt(): void {
    this.#kill("SIGINT");
  }

  async exitCode(): Promise<number | null> {
    await this.#ended;
    return this.#process.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill("SIGKILL");
    await this.#ended;
  }

  /** The client and its plugin, as a terminal would. */
  #kill(signal: NodeJS.Signals): void {
    if (this.#isRunning) process.kill(-this.#process.pid!, signal);
  }

  get #isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }
}
