import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomInt, randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { must, run, toolEnvironment } from "./command.ts";
import { labsRoot } from "./paths.ts";

const cleaner = path.join(import.meta.dirname, "cleanup.sh");
const folderName = /^swarm-lab-(\d+)-(\d+)$/;

/**
 * One lab's exclusive hold on a subnet, a name and a folder, all three from the same two numbers.
 * The folder's existence is the lock; whoever holds it also holds a watchdog that removes the lab when the holder dies.
 */
export class LabClaim implements AsyncDisposable {
  /** Begins the name of everything the lab makes: `swl88-17-node-1`, link `swl88-17h`. */
  readonly id: string;
  readonly folder: string;
  /** The first three bytes of every address of the lab: `10.88.17`. */
  readonly prefix: string;
  readonly #token: string;
  readonly #watchdog: ChildProcess;
  readonly #onExit = () => this.#removeNow();

  constructor(place: Place, token: string) {
    this.id = place.id;
    this.folder = place.folder;
    this.prefix = place.prefix;
    this.#token = token;
    this.#watchdog = spawn("bash", [cleaner, "--watch", this.id, this.folder, token], {
      env: toolEnvironment(),
      detached: true,
      stdio: ["pipe", "ignore", "ignore"],
    });
    this.#watchdog.unref();
    (this.#watchdog.stdin as unknown as { unref(): void }).unref(); // a pipe at run time; its type hides that
    process.once("exit", this.#onExit);
  }

  /** The environment of every process of the lab: the mark the clean-up finds it by. */
  get mark(): NodeJS.ProcessEnv {
    return { SWARM_LAB: this.id };
  }

  /**
   * Removes the lab by letting the watchdog go, so that the crash path is the everyday path.
   * @throws {CommandError} naming what could not be removed.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.#watchdog.exitCode === null ? once(this.#watchdog, "exit") : undefined;
    this.#watchdog.ref();
    this.#watchdog.stdin?.end();
    await ended;
    await must("bash", [cleaner, this.id, this.folder, this.#token]);
    process.removeListener("exit", this.#onExit);
  }

  #removeNow(): void {
    const { status } = spawnSync("bash", [cleaner, this.id, this.folder, this.#token], {
      env: toolEnvironment(),
    });
    if (status !== 0) process.stderr.write(`lab ${this.id} was not removed completely: ${this.folder}\n`);
  }
}

interface Place {
  readonly id: string;
  readonly folder: string;
  readonly prefix: string;
}

/**
 * Takes a free subnet of 10.88.0.0/16 (then 10.89, 10.90) that this machine neither uses nor routes to.
 * @throws {Error} when all of them are taken.
 */
export async function claimLab(): Promise<LabClaim> {
  const token = randomUUID();
  const prepared = path.join(labsRoot, `swarm-lab-${token}.new`);
  mkdirSync(prepared, { mode: 0o711 });
  writeFileSync(path.join(prepared, "token"), token);
  writeFileSync(path.join(prepared, "owner"), processIdentity(process.pid) ?? "");
  try {
    for (const place of places()) {
      if (await isRouted(place.prefix)) continue;
      if (moveUnlessTaken(prepared, place.folder)) return new LabClaim(place, token);
    }
  } finally {
    rmSync(prepared, { recursive: true, force: true });
  }
  throw new Error("no subnet of 10.88.0.0/16, 10.89.0.0/16 or 10.90.0.0/16 is free for a lab");
}

/** Removes what dead test processes left behind, in case their watchdog died with them (a reboot, a killed session). */
export async function reapStaleLabs(log: (line: string) => void): Promise<void> {
  for (const name of readdirSync(labsRoot)) {
    const numbers = folderName.exec(name);
    if (numbers === null) continue;
    const { id, folder } = placeOf(Number(numbers[1]), Number(numbers[2]));
    const [token, owner] = [readOr(path.join(folder, "token")), readOr(path.join(folder, "owner"))];
    if (token === undefined || owner === undefined || processIdentity(Number(owner.split(" ")[0])) === owner)
      continue;
    log(`removing lab ${id}, left behind by process ${owner.split(" ")[0] ?? "?"}`);
    const { code, stderr } = await run("bash", [cleaner, id, folder, token]);
    if (code !== 0) log(stderr.trim());
  }
}

/** A process by pid, start time and boot, so that a pid used again is told apart; `undefined` when it does not run. */
function processIdentity(pid: number): string | undefined {
  const stat = readOr(`/proc/${String(pid)}/stat`);
  if (stat === undefined) return undefined;
  const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]; // field 22; the name may hold spaces
  return `${String(pid)} ${startTicks ?? ""} ${readOr("/proc/sys/kernel/random/boot_id")?.trim() ?? ""}`;
}

/** All places a lab can have, from a random one on, so that two labs rarely try the same one. */
function* places(): Generator<Place> {
  const start = randomInt(256);
  for (const second of [88, 89, 90]) {
    for (let step = 0; step < 256; step++) yield placeOf(second, (start + step) % 256);
  }
}

function placeOf(second: number, third: number): Place {
  const numbers = `${String(second)}-${String(third)}`;
  return {
    id: `swl${numbers}`,
    folder: path.join(labsRoot, `swarm-lab-${numbers}`),
    prefix: `10.${String(second)}.${String(third)}`,
  };
}

/** Renaming onto a folder that holds something fails: that makes the claim atomic. */
function moveUnlessTaken(from: string, to: string): boolean {
  if (existsSync(to)) return false;
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}

/** Whether a route other than the default one leads into the subnet or around it. */
async function isRouted(prefix: string): Promise<boolean> {
  const subnet = `${prefix}.0/24`;
  const inside = await must("ip", ["-4", "-o", "route", "show", "table", "all", "root", subnet]);
  const around = await must("ip", ["-4", "-o", "route", "show", "table", "all", "match", subnet]);
  return (inside + around).split("\n").some((route) => route !== "" && !route.startsWith("default"));
}

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
