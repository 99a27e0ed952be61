import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { must, toolEnvironment } from "./command.ts";
import type { HostCgroup } from "./cgroups.ts";
import { eventually } from "./eventually.ts";

/** What a host is made of; the lab gives it. */
export interface HostParts {
  readonly name: string;
  readonly folder: string;
  readonly networkNamespace: string;
  readonly cgroup: HostCgroup;
  readonly mark: NodeJS.ProcessEnv;
}

/**
 * A machine of the lab: network, mount, PID, UTS and IPC namespaces with a tiny pid 1, and a cgroup. Killing pid 1 is a
 * power cut: every process and mount in the host goes with it.
 */
export class LabHost {
  readonly folder: string;
  readonly cgroup: HostCgroup;
  readonly #parts: HostParts;
  /** The process that waits for pid 1 outside; it ends after it. */
  #outside: ChildProcess | undefined;
  #init: number | undefined;

  constructor(parts: HostParts) {
    this.#parts = parts;
    this.folder = parts.folder;
    this.cgroup = parts.cgroup;
  }

  get isUp(): boolean {
    return this.#init !== undefined;
  }

  /** Starts pid 1 and waits until the host has its name and its own `/etc/docker`. */
  async boot(): Promise<void> {
    const { folder, name, networkNamespace } = this.#parts;
    // Pids repeat in a fresh PID namespace, so a stale pid file would look alive.
    for (const stale of ["exec", "dockerd.pid", "docker.sock", "booted"]) {
      rmSync(path.join(folder, stale), { recursive: true, force: true });
    }
    mkdirSync(path.join(folder, "etc-docker"), { recursive: true });
    mkdirSync("/etc/docker", { recursive: true });
    const init = `
      hostname "${name}"
      mount -t tmpfs none /run
      mount --bind "${folder}/etc-docker" /etc/docker
      : >"${folder}/booted"
      while :; do sleep 86400 & wait; done`;
    const unshare = "unshare --mount --uts --ipc --pid --fork --kill-child --mount-proc bash -c";
    const outside = this.#spawn("host.log", [
      "bash",
      [
        "-c",
        `${this.#join} exec nsenter --net="$1" ${unshare} "$2"`,
        "host",
        networkNamespace,
        `set -e; ${init}`,
      ],
    ]);
    this.#outside = outside;
    this.#init = await eventually(`host ${name} has booted`, () => {
      if (outside.exitCode !== null) throw new Error(`host ${name} did not boot: ${this.logs("host.log")}`);
      return existsSync(path.join(folder, "booted")) ? childOf(outside.pid) : undefined;
    });
  }

  /** Cuts the power: nothing in the host gets a chance to say goodbye. */
  async cutPower(): Promise<void> {
    const outside = this.#outside;
    if (outside === undefined || this.#init === undefined) return;
    this.cgroup.setFrozen(false); // a frozen process does not even die
    const ended =
      outside.exitCode === null && outside.signalCode === null ? once(outside, "exit") : undefined;
    outside.ref();
    process.kill(this.#init, "SIGKILL");
    await ended;
    this.#outside = this.#init = undefined;
  }

  /**
   * Starts a program inside, adopted by the host's pid 1, and gives its pid on the test machine. Were it the child of
   * `nsenter`, a SIGSTOP would stop `nsenter` too, and the dead program would stay a zombie.
   */
  async launch(command: readonly string[], logName: string, searchFirst?: string): Promise<number> {
    const pidFile = path.join(this.folder, "launched");
    rmSync(pidFile, { force: true });
    const adopt = `"$@" & echo $! >"${pidFile}"`;
    const enter = `exec nsenter ${this.#namespaces.join(" ")} sh -c '${adopt}' launch "$@"`;
    const env = searchFirst === undefined ? {} : { PATH: `${searchFirst}:${toolEnvironment().PATH ?? ""}` };
    const starter = this.#spawn(
      logName,
      ["bash", ["-c", `${this.#join} ${enter}`, "launch", ...command]],
      env,
    );
    starter.ref();
    await once(starter, "exit");
    const inner = Number(existsSync(pidFile) ? readFileSync(pidFile, "utf8") : 0);
    const outer = this.cgroup.members.find((pid) => innerPid(pid) === inner);
    if (outer === undefined) throw new Error(`${command[0] ?? "?"} ended at once: ${this.logs(logName)}`);
    return outer;
  }

  /** Runs a command inside the host (all its namespaces) and gives its standard output. */
  async exec(...command: readonly string[]): Promise<string> {
    return await must("nsenter", [...this.#namespaces, ...command], {
      env: toolEnvironment(this.#parts.mark),
    });
  }

  /** The last lines of one of the host's logs, for error messages. */
  logs(name: string, lines = 20): string {
    const file = path.join(this.folder, name);
    return existsSync(file)
      ? readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n")
      : "(no log)";
  }

  /** Shell text that makes the shell a member of the host's cgroup, which everything it starts inherits. */
  get #join(): string {
    return `echo $BASHPID >"${this.cgroup.membersFile}";`;
  }

  get #namespaces(): string[] {
    if (this.#init === undefined) throw new Error(`host ${this.#parts.name} has no power`);
    return ["-t", String(this.#init), "-n", "-m", "-u", "-i", "-p", "-r"];
  }

  #spawn(logName: string, [file, args]: [string, string[]], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const log = openSync(path.join(this.folder, logName), "a");
    try {
      // dockerd has containerd dump its stacks into a temporary file when it was silent: that goes with the lab too.
      const environment = toolEnvironment({ ...this.#parts.mark, TMPDIR: this.folder, ...env });
      const child = spawn(file, args, { env: environment, detached: true, stdio: ["ignore", log, log] });
      child.unref();
      return child;
    } finally {
      closeSync(log);
    }
  }
}

function childOf(pid: number | undefined): number | undefined {
  const file = `/proc/${String(pid)}/task/${String(pid)}/children`;
  return Number(readFileSync(file, "utf8").trim().split(" ")[0]) || undefined;
}

/** A process's pid in its own PID namespace. */
function innerPid(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, "utf8");
    return Number(/^NSpid:.*?(\d+)$/m.exec(status)?.[1]);
  } catch {
    return undefined; // it ended meanwhile
  }
}
