import { request } from "node:http";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { CommandResult } from "./command.ts";
import { clientTls, dockerCli } from "./docker-cli.ts";
import type { DockerOptions } from "./docker-cli.ts";
import { eventually } from "./eventually.ts";
import type { LabHost } from "./host.ts";
import type { LabNetwork } from "./network.ts";

/** What an engine is made of; the lab gives it. */
export interface EngineParts {
  readonly name: string;
  readonly ip: string;
  readonly index: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly host: LabHost;
  readonly network: LabNetwork;
  readonly mark: NodeJS.ProcessEnv;
  /** A folder with `dockerd` and its helpers that goes first in PATH; the system's engine when absent. */
  readonly bin?: string;
  readonly storageDriver: string;
  readonly args: readonly string[];
  /** A folder with `ca.pem`, `cert.pem` and `key.pem`: the engine then serves mutual TLS, and nothing else, on its port. */
  readonly tlsFolder?: string | undefined;
  /** The same for clients: a certificate the engine accepts. */
  readonly clientFolder?: string | undefined;
}

/**
 * A real Docker engine on a host of its own, and everything that can happen to it. A fault lasts until it is undone, by
 * its counterpart or by {@link LabEngine.recover}.
 */
export class LabEngine {
  readonly name: string;
  readonly ip: string;
  /** As discovery lists it: `10.88.17.11:2375`, or port 2376 where it serves TLS. */
  readonly addr: string;
  /** As `docker -H` takes it. */
  readonly url: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly host: LabHost;
  /** Whether it serves TLS; a change is for the next start, and leaves the address as it is. */
  tls: boolean;
  readonly #parts: EngineParts;
  readonly #port: number;
  #pid: number | undefined;
  #version = "";

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.ip = parts.ip;
    this.tls = parts.tlsFolder !== undefined;
    this.#port = this.tls ? 2376 : 2375;
    this.addr = `${parts.ip}:${String(this.#port)}`;
    this.url = `tcp://${this.addr}`;
    this.labels = parts.labels;
    this.host = parts.host;
  }

  /** The engine's version, such as `20.10.24+dfsg1`; empty before its first start. */
  get version(): string {
    return this.#version;
  }

  /** Its own certificate and the authority it asks of clients; what a test writes there counts from the next start on. */
  get tlsFolder(): string {
    const { tlsFolder } = this.#parts;
    if (tlsFolder === undefined) throw new Error(`engine ${this.name} has no certificates`);
    return tlsFolder;
  }

  /** Runs the docker CLI straight against this engine. Resolves whatever the exit code. */
  async docker(args: readonly string[], options: DockerOptions = {}): Promise<CommandResult> {
    const { mark, clientFolder } = this.#parts;
    const env = { ...mark, ...(this.tls && clientTls(clientFolder)), ...options.env };
    return await dockerCli(this.url, args, { ...options, env });
  }

  /** Starts dockerd and waits until it answers. Powers the host on first if need be. */
  async start(): Promise<void> {
    if (!this.host.isUp) await this.host.boot();
    this.#pid = await this.host.launch(this.#command, "dockerd.log", this.#parts.bin);
    await eventually(
      `engine ${this.name} answers`,
      async () => {
        if (!this.isRunning) throw new Error(`engine ${this.name} ended:\n${this.host.logs("dockerd.log")}`);
        return (await this.api("GET", "/_ping").catch(() => undefined))?.status === 200;
      },
      60_000,
    );
    this.#version ||= (JSON.parse((await this.api("GET", "/version")).body) as { Version: string }).Version;
  }

  /** Stops dockerd with SIGTERM, which stops its containers too, and waits for its end. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** Kills dockerd with SIGKILL. Its containers live on; the next start ends them, unless it has `--live-restore`. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Stops dockerd where it stands: connections are accepted by the kernel and never answered; published ports serve. */
  pause(): void {
    this.#signal("SIGSTOP");
  }

  unpause(): void {
    this.#signal("SIGCONT");
  }

  /** Stops the whole host with its containers where it stands. */
  freeze(): void {
    this.host.cgroup.setFrozen(true);
  }

  thaw(): void {
    this.host.cgroup.setFrozen(false);
  }

  /** Pulls the network cable: packets are lost without a word. */
  async partition(): Promise<void> {
    await this.#parts.network.setPlugged(this.#parts.index, false);
  }

  async heal(): Promise<void> {
    await this.#parts.network.setPlugged(this.#parts.index, true);
  }

  /** Loses what comes in to the host, or what goes out of it; the other way is open. {@link LabEngine.pass} undoes it. */
  async drop(direction: "incoming" | "outgoing"): Promise<void> {
    await this.host.exec("iptables", "-w", "10", "-I", ...loss[direction]);
  }

  async pass(direction: "incoming" | "outgoing"): Promise<void> {
    await this.host.exec("iptables", "-w", "10", "-D", ...loss[direction]);
  }

  /** Makes the engine's port answer every packet with a reset: connection refused, at once. */
  async refuse(): Promise<void> {
    await this.host.exec("iptables", "-w", "10", "-I", "INPUT", ...this.#refusal);
  }

  async accept(): Promise<void> {
    await this.host.exec("iptables", "-w", "10", "-D", "INPUT", ...this.#refusal);
  }

  /** Kills the whole host at once; {@link LabEngine.start} powers it on again, with its disk as it was. */
  async cutPower(): Promise<void> {
    await this.host.cutPower();
    this.#pid = undefined;
  }

  /** Undoes every fault, known or not, and waits until the engine answers. */
  async recover(): Promise<void> {
    await this.heal();
    this.thaw();
    if (this.host.isUp) {
      const rules = [["INPUT", ...this.#refusal], loss.incoming, loss.outgoing];
      const undo = rules.map((rule) => `while iptables -w 10 -D ${rule.join(" ")} 2>/dev/null; do :; done`);
      await this.host.exec("sh", "-c", undo.join("; "));
    }
    if (this.isRunning) this.unpause();
    else await this.start();
    await eventually(
      `engine ${this.name} recovers`,
      async () => (await this.docker(["version"], { timeoutMs: 5000 })).code === 0,
    );
  }

  /** Whether dockerd runs; a paused or frozen one does. */
  get isRunning(): boolean {
    if (this.#pid === undefined) return false;
    try {
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${String(this.#pid)}/status`, "utf8"));
    } catch {
      return false;
    }
  }

  /** Asks the engine's API over its Unix socket, which no network fault touches. `body` is sent as it is. */
  async api(method: string, apiPath: string, body?: Buffer): Promise<{ status: number; body: string }> {
    return await new Promise((resolve, reject) => {
      const socketPath = path.join(this.host.folder, "docker.sock");
      const headers =
        body === undefined ? {} : { "Content-Type": "application/x-tar", "Content-Length": body.length };
      const call = request({ socketPath, method, path: apiPath, headers, timeout: 60_000 }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
        );
      });
      call.on("timeout", () => call.destroy(new Error(`${method} ${apiPath}: no answer from ${this.name}`)));
      call.on("error", reject);
      call.end(body);
    });
  }

  /** The last lines of the engine's log. */
  logs(lines?: number): string {
    return this.host.logs("dockerd.log", lines);
  }

  get #command(): readonly string[] {
    const { folder, cgroup } = this.host;
    const { storageDriver, network, labels, args } = this.#parts;
    return [
      "dockerd",
      ...[
        "--data-root",
        `${folder}/data`,
        "--exec-root",
        `${folder}/exec`,
        "--pidfile",
        `${folder}/dockerd.pid`,
      ],
      ...["--cgroup-parent", cgroup.parent, "--exec-opt", "native.cgroupdriver=cgroupfs"],
      ...["--storage-driver", storageDriver, "--insecure-registry", network.subnet],
      ...["-H", `unix://${folder}/docker.sock`, "-H", `tcp://0.0.0.0:${String(this.#port)}`],
      ...(this.tls ? mutualTls(this.tlsFolder) : noTls),
      ...Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]),
      ...args,
    ];
  }

  get #refusal(): readonly string[] {
    return ["-p", "tcp", "--dport", String(this.#port), "-j", "REJECT", "--reject-with", "tcp-reset"];
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.isRunning) this.#signal(signal);
    await eventually(`engine ${this.name} ends`, () => !this.isRunning, 60_000);
    this.#pid = undefined;
    // What a killed dockerd leaves behind would look alive to the next one once its pid is used again.
    rmSync(path.join(this.host.folder, "dockerd.pid"), { force: true });
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#pid === undefined || !this.isRunning) throw new Error(`engine ${this.name} does not run`);
    process.kill(this.#pid, signal);
  }
}

/** Rules that lose packets of one direction. */
const loss = {
  incoming: ["INPUT", "-i", "eth0", "-j", "DROP"],
  outgoing: ["OUTPUT", "-o", "eth0", "-j", "DROP"],
} as const;

/** Said explicitly: without it dockerd waits 16 s before it listens on plain TCP. */
const noTls: readonly string[] = ["--tls=false"];

const mutualTls = (folder: string): readonly string[] => [
  "--tlsverify",
  ...["--tlscacert", `${folder}/ca.pem`, "--tlscert", `${folder}/cert.pem`, "--tlskey", `${folder}/key.pem`],
];
