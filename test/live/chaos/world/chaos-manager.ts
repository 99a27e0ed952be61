import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { eventually } from "../../../lab/eventually.ts";
import type { LabHost } from "../../../lab/host.ts";
import { shiftClock } from "./clock.ts";
import { ask } from "./http.ts";

const port = 3376;
const logName = "manager.log";

export interface ChaosManagerParts {
  readonly name: string;
  readonly host: LabHost;
  readonly ip: string;
  /** The command line before `manage`. */
  readonly program: readonly string[];
  /** Flags of `manage`, and the discovery argument. */
  readonly flags: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The file its clock follows. */
  readonly clockFile?: string;
}

/** Which packets between a manager and somebody are lost, seen from the manager. */
export interface Loss {
  readonly direction: "to" | "from";
  readonly ip: string;
  readonly ports?: readonly number[];
}

/** A manager on a machine of its own: it can be killed, stalled and cut off, and starts again with what it had kept. */
export class ChaosManager {
  readonly name: string;
  readonly ip: string;
  /** As other managers reach it. */
  readonly address: string;
  /** For `docker -H`. */
  readonly url: string;
  readonly http: string;
  readonly host: LabHost;
  readonly #parts: ChaosManagerParts;
  #pid: number | undefined;
  #logRead = 0;

  constructor(parts: ChaosManagerParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.ip = parts.ip;
    this.host = parts.host;
    this.address = ChaosManager.addressOf(parts.ip);
    this.url = `tcp://${this.address}`;
    this.http = `http://${this.address}`;
  }

  static addressOf(ip: string): string {
    return `${ip}:${String(port)}`;
  }

  /** Starts the program and waits until it answers. */
  async start(): Promise<void> {
    const { program, flags, env = {} } = this.#parts;
    // The developer's own settings of the program must not reach the one under test.
    const foreign = Object.keys(process.env).filter(
      (key) => /^(SWARM_.*|DEBUG)$/.test(key) && key !== "SWARM_LAB",
    );
    const environment = [
      ...foreign.flatMap((key) => ["-u", key]),
      ...Object.entries(env).map(([key, value]) => `${key}=${value}`),
    ];
    const listen = ["-H", this.url];
    const command = [
      "env",
      ...environment,
      ...program,
      "--log-level",
      "debug",
      "manage",
      ...listen,
      ...flags,
    ];
    this.#pid = await this.host.launch(command, logName);
    await eventually(
      `${this.name} answers`,
      async () => {
        if (!this.isRunning) throw new Error(`${this.name} ended:\n${this.host.logs(logName)}`);
        return await this.answers("/_ping");
      },
      30_000,
      100,
    );
  }

  get isRunning(): boolean {
    if (this.#pid === undefined) return false;
    try {
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${String(this.#pid)}/status`, "utf8"));
    } catch {
      return false;
    }
  }

  /** SIGKILL; waits for the end. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** SIGTERM; waits for the end. */
  async terminate(): Promise<void> {
    await this.#end("SIGTERM");
  }

  stall(): void {
    this.#signal("SIGSTOP");
  }

  resume(): void {
    this.#signal("SIGCONT");
  }

  async lose(losses: readonly Loss[]): Promise<void> {
    for (const loss of losses) await this.host.exec("iptables", "-w", "10", "-I", ...ruleOf(loss));
  }

  async deliver(losses: readonly Loss[]): Promise<void> {
    for (const loss of losses) await this.host.exec("iptables", "-w", "10", "-D", ...ruleOf(loss));
  }

  /** Makes its wall clock differ from the machine's by so many seconds. */
  skew(seconds: number): void {
    const { clockFile } = this.#parts;
    if (clockFile === undefined) throw new Error(`${this.name} has no clock of its own`);
    shiftClock(clockFile, seconds);
  }

  /** Asks its API; undefined when there is no answer of status 200. */
  async get(apiPath: string, timeoutMs = 5000): Promise<unknown> {
    const { outcome, body } = await ask(this.http + apiPath, { timeoutMs });
    return outcome.kind === "answered" && outcome.status === 200 ? (JSON.parse(body) as unknown) : undefined;
  }

  async answers(apiPath: string, timeoutMs = 5000): Promise<boolean> {
    const { outcome } = await ask(this.http + apiPath, { timeoutMs });
    return outcome.kind === "answered" && outcome.status === 200;
  }

  /** Resident memory, bytes, and open files; zero when it does not run. */
  usage(): { readonly memoryBytes: number; readonly openFiles: number } {
    try {
      const proc = `/proc/${String(this.#pid)}`;
      const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`${proc}/status`, "utf8"))?.[1];
      return { memoryBytes: Number(resident) * 1024, openFiles: readdirSync(`${proc}/fd`).length };
    } catch {
      return { memoryBytes: 0, openFiles: 0 };
    }
  }

  get logFile(): string {
    return path.join(this.host.folder, logName);
  }

  /** The lines its log got since the last call. */
  newLog(): readonly string[] {
    const bytes = readFileSync(this.logFile);
    const text = bytes.subarray(this.#logRead).toString("utf8");
    this.#logRead = bytes.length;
    return text.split("\n").filter((line) => line !== "");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.isRunning) {
      this.#signal(signal);
      if (signal === "SIGKILL") this.#signal("SIGCONT");
    }
    await eventually(`${this.name} ends`, () => !this.isRunning, 20_000);
    this.#pid = undefined;
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#pid !== undefined && this.isRunning) process.kill(this.#pid, signal);
  }
}

function ruleOf({ direction, ip, ports }: Loss): readonly string[] {
  const [chain, address, port] =
    direction === "to" ? ["OUTPUT", "-d", "--dports"] : ["INPUT", "-s", "--sports"];
  const only = ports === undefined ? [] : ["-p", "tcp", "-m", "multiport", port, ports.join(",")];
  return [chain, address, ip, ...only, "-j", "DROP"];
}
