import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = "/sys/fs/cgroup";
const controllers = ["freezer", "memory", "pids", "cpu", "cpuacct", "devices", "blkio", "cpuset"];

/**
 * The cgroups of one host: a folder per controller on version 1, a single one on version 2. Containers live below it,
 * the host's own processes in its leaf `host`, because version 2 allows no processes in a group that has children.
 */
export class HostCgroup {
  readonly #name: string;
  readonly #unified = existsSync(path.join(root, "cgroup.controllers"));

  constructor(name: string) {
    this.#name = name;
  }

  /** As dockerd's `--cgroup-parent` wants it. */
  get parent(): string {
    return `/${this.#name}`;
  }

  /** The file that takes the pid of a process which is to belong to the host. */
  get membersFile(): string {
    return path.join(this.#freezer, "host", "cgroup.procs");
  }

  /** The host's own processes (not those of containers), as pids of the test machine. */
  get members(): readonly number[] {
    return readFileSync(this.membersFile, "utf8").split("\n").filter(Boolean).map(Number);
  }

  create(): void {
    const present = this.#unified
      ? [root]
      : controllers.map((name) => path.join(root, name)).filter((dir) => existsSync(dir));
    for (const dir of present) mkdirSync(path.join(dir, this.#name), { recursive: true });
    mkdirSync(path.dirname(this.membersFile), { recursive: true });
    if (!this.#unified) this.#inheritCpuset();
  }

  /** Stops every process of the host and of its containers where it stands, or lets them go on. */
  setFrozen(frozen: boolean): void {
    if (this.#unified) writeFileSync(path.join(this.#freezer, "cgroup.freeze"), frozen ? "1" : "0");
    else writeFileSync(path.join(this.#freezer, "freezer.state"), frozen ? "FROZEN" : "THAWED");
  }

  get #freezer(): string {
    return this.#unified ? path.join(root, this.#name) : path.join(root, "freezer", this.#name);
  }

  /** A new cpuset group of version 1 allows no processor at all until told otherwise. */
  #inheritCpuset(): void {
    const cpuset = path.join(root, "cpuset");
    for (const name of ["cpuset.cpus", "cpuset.mems"]) {
      const all = path.join(cpuset, name);
      if (existsSync(all)) writeFileSync(path.join(cpuset, this.#name, name), readFileSync(all));
    }
  }
}
