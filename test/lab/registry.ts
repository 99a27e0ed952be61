import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { toolEnvironment } from "./command.ts";
import type { LabEngine } from "./engine.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import type { Lab } from "./lab.ts";
import { findTool } from "./system.ts";

/** How to start a registry. */
export interface RegistryOptions {
  /** Whether every request needs a user and a password. Default: no. */
  readonly login?: boolean;
}

/** The one account of a registry with `login`. Its password as bcrypt, the only form the registry takes. */
const account = {
  user: "gopher",
  password: "swordfish",
  htpasswd: "gopher:$2b$04$TkIHqdYJY76mRrqZsGD7qe4PJ7NE2Ik1pjZDQFCSYpsNNtPqcAa8a\n",
};

/** Debian's real image registry on the test machine's address in the lab: every engine reaches it and trusts it. */
export class LabRegistry implements AsyncDisposable {
  /** `10.88.17.1:40123`: begins the name of every image in here. */
  readonly address: string;
  readonly user = account.user;
  readonly password = account.password;
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(address: string, folder: string, child: ChildProcess) {
    this.address = address;
    this.#folder = folder;
    this.#process = child;
    this.#ended = once(child, "close");
  }

  /** Starts it, empty, and waits until it answers. It cannot outlive the lab. */
  static async start(lab: Lab, { login = false }: RegistryOptions = {}): Promise<LabRegistry> {
    const program = findTool("docker-registry");
    if (program === undefined) throw new Error("docker-registry is missing: apt-get install docker-registry");
    const folder = mkdtempSync(path.join(lab.folder, "registry-"));
    const address = `${lab.network.gateway}:${String(await freePort(lab.network.gateway))}`;
    const config = path.join(folder, "config.json"); // JSON is YAML too
    writeFileSync(path.join(folder, "htpasswd"), account.htpasswd);
    writeFileSync(config, JSON.stringify(settings(folder, address, login)));
    const log = path.join(folder, "log");
    // exec: the shell only redirects, so the child is the registry
    const child = spawn("sh", ["-c", 'exec "$0" serve "$1" >"$2" 2>&1', program, config, log], {
      env: toolEnvironment(lab.mark),
      stdio: "ignore",
    });
    const registry = new LabRegistry(address, folder, child);
    await eventually("the registry answers", async () => {
      if (child.exitCode !== null) throw new Error(`the registry ended:\n${readFileSync(log, "utf8")}`);
      return await fetch(`http://${address}/v2/`).then(
        ({ status }) => status === (login ? 401 : 200),
        () => false,
      );
    });
    return registry;
  }

  /** The full name of an image here: `image("tools/web:1")` is `10.88.17.1:40123/tools/web:1`. */
  image(name: string): string {
    return `${this.address}/${name}`;
  }

  /** What a `config.json` of the docker client says after `docker login`. */
  get auths(): Readonly<Record<string, { readonly auth: string }>> {
    return { [this.address]: { auth: Buffer.from(`${this.user}:${this.password}`).toString("base64") } };
  }

  /**
   * Pushes an image of an engine under a new name, and forgets that name on the engine again.
   * @returns the full name, to pull it by.
   */
  async push(engine: LabEngine, name: string, source = "busybox"): Promise<string> {
    const full = this.image(name);
    const folder = path.join(this.#folder, "client");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "config.json"), JSON.stringify({ auths: this.auths }));
    for (const args of [
      ["tag", source, full],
      ["push", full],
      ["rmi", full],
    ]) {
      const { code, stderr } = await engine.docker(args, { env: { DOCKER_CONFIG: folder } });
      if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
    }
    return full;
  }

  /** The tags of a repository here, as the registry tells them; empty when it has none. */
  async tags(repository: string): Promise<readonly string[]> {
    const authorization = `Basic ${this.auths[this.address]?.auth ?? ""}`;
    const url = `http://${this.address}/v2/${repository}/tags/list`;
    const answer = await fetch(url, { headers: { authorization } });
    return ((await answer.json()) as { readonly tags?: readonly string[] }).tags ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null) this.#process.kill("SIGKILL"); // its files go too
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function settings(folder: string, address: string, login: boolean): unknown {
  return {
    version: "0.1",
    log: { level: "warn" },
    storage: { filesystem: { rootdirectory: path.join(folder, "data") }, delete: { enabled: true } },
    http: { addr: address },
    ...(login ? { auth: { htpasswd: { realm: "lab", path: path.join(folder, "htpasswd") } } } : {}),
  };
}
