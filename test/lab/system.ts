import { spawnSync } from "node:child_process";
import { accessSync, chmodSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { must, toolEnvironment, toolPath } from "./command.ts";

/** Something the lab needs and this machine lacks. */
export interface MissingComponent {
  readonly name: string;
  /** What the user can do about it, one sentence. */
  readonly remedy: string;
}

/** What {@link ensureSystem} may do, and where it says what it does. */
export interface EnsureOptions {
  /** Whether system packages may be installed. */
  readonly install: boolean;
  /** `lab` (default): what {@link Lab.create} needs. `clients`: also the registry and the clients of the live tests. */
  readonly for?: Purpose;
  readonly log: (line: string) => void;
}

/** What the machine is to be used for. */
export type Purpose = "lab" | "clients";

/** The machine cannot hold a lab; the message lists what is missing and each remedy. */
export class MissingSystemError extends Error {
  readonly missing: readonly MissingComponent[];

  constructor(missing: readonly MissingComponent[]) {
    const lines = missing.map(({ name, remedy }) => `  - ${name}: ${remedy}`);
    super(`real Docker engines cannot run here, missing:\n${lines.join("\n")}`);
    this.name = "MissingSystemError";
    this.missing = missing;
  }
}

/** Each tool the lab runs and the Debian package that brings it. */
const tools: Readonly<Record<string, string>> = {
  dockerd: "docker.io",
  docker: "docker.io",
  containerd: "containerd",
  runc: "runc",
  ip: "iproute2",
  iptables: "iptables",
  busybox: "busybox-static",
  nsenter: "util-linux",
  unshare: "util-linux",
  flock: "util-linux",
  timeout: "coreutils",
  hostname: "hostname",
  tar: "tar",
};

/** The same for what only some live tests run, above all those of other people's clients. A Python module has its interpreter before it. */
const clientTools = {
  "docker-registry": "docker-registry",
  openssl: "openssl",
  zooinspector: "zookeeper", // the one program of that package in PATH; the server itself is a jar
  "docker-compose": "docker-compose",
  etcd: "etcd-server",
  "/usr/bin/python3 docker": "python3-docker",
} as const;

/** A tool that only tests of clients need. */
export type ClientTool = keyof typeof clientTools;

/** Where a tool is, or `undefined`. */
export function findTool(name: string): string | undefined {
  return toolPath()
    .split(":")
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The parts of a lab this machine lacks: empty when {@link Lab.create} can work. */
export function missingComponents(purpose: Purpose = "lab"): readonly MissingComponent[] {
  if (process.platform !== "linux") {
    return [
      {
        name: "Linux",
        remedy: `engines in namespaces need Linux, this is ${process.platform}: use a Linux machine`,
      },
    ];
  }
  if (process.getuid?.() !== 0) {
    return [{ name: "root", remedy: "namespaces and dockerd need it: run the same command as root (sudo)" }];
  }
  const missing: MissingComponent[] = Object.entries(toolsFor(purpose))
    .filter(([tool]) => !isUsable(tool))
    .map(([tool, name]) => ({
      name: tool,
      remedy: isDebian()
        ? `apt-get install ${name}`
        : `install it with your package manager (Debian: ${name})`,
    }));
  if (findTool("unshare") !== undefined && !mayUnshare()) {
    missing.push({
      name: "permission to create namespaces",
      remedy: "root lacks CAP_SYS_ADMIN or CAP_NET_ADMIN: in a container, run it with --privileged",
    });
  }
  return missing;
}

/**
 * Makes this machine able to hold a lab, installing Debian packages if it may.
 * No service is started by the installation.
 * @throws {MissingSystemError} when something is still missing.
 */
export async function ensureSystem({ install, for: purpose = "lab", log }: EnsureOptions): Promise<void> {
  const missing = missingComponents(purpose);
  if (missing.length === 0) return;
  const packages = new Set(missing.flatMap(({ name }) => toolsFor(purpose)[name] ?? []));
  if (!install || !isDebian() || packages.size === 0) throw new MissingSystemError(missing);
  log(
    `installing ${[...packages].join(", ")} with apt-get (missing: ${missing.map(({ name }) => name).join(", ")})`,
  );
  await aptInstall([...packages]);
  const left = missingComponents(purpose);
  if (left.length > 0) throw new MissingSystemError(left);
  log("installed; no service was started");
}

/** Whether this is a Debian system with apt. */
export function isDebian(): boolean {
  return osRelease("ID") === "debian" && findTool("apt-get") !== undefined;
}

/** A field of `/etc/os-release`, such as `VERSION_CODENAME`. */
export function osRelease(field: string): string | undefined {
  if (!existsSync("/etc/os-release")) return undefined;
  const line = new RegExp(`^${field}="?([^"\n]*)"?$`, "m").exec(readFileSync("/etc/os-release", "utf8"));
  return line?.[1];
}

function toolsFor(purpose: Purpose): Readonly<Record<string, string>> {
  return purpose === "lab" ? tools : { ...tools, ...clientTools };
}

function isUsable(tool: string): boolean {
  const [interpreter = "", module] = tool.split(" ");
  if (module !== undefined) return hasModule(interpreter, module);
  const file = findTool(tool);
  return file !== undefined && (tool !== "busybox" || isStatic(file));
}

function hasModule(python: string, module: string): boolean {
  const probe = spawnSync(python, ["-Ic", `import ${module}`], { env: toolEnvironment(), stdio: "ignore" });
  return probe.status === 0;
}

/** A program without a loader entry (PT_INTERP) runs in an image that holds nothing else. */
function isStatic(file: string): boolean {
  const elf = readFileSync(file);
  const [table, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  const headers = Array.from({ length: count }, (_, index) => elf.readUInt32LE(table + index * size));
  return !headers.includes(3);
}

function mayUnshare(): boolean {
  const probe = spawnSync("unshare", ["--net", "--mount", "true"], {
    env: toolEnvironment(),
    stdio: "ignore",
  });
  return probe.status === 0;
}

async function aptInstall(packages: readonly string[]): Promise<void> {
  const env = toolEnvironment({ ...proxies(), DEBIAN_FRONTEND: "noninteractive" });
  const quiet = ["-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0"];
  await must("apt-get", ["update", ...quiet], { env });
  const restore = forbidServiceStarts();
  try {
    await must("apt-get", ["install", "-y", "--no-install-recommends", ...quiet, ...packages], { env });
  } finally {
    restore();
  }
}

/** Debian asks this script before a package starts its service; 101 means no. A script that is there already stays. */
function forbidServiceStarts(): () => void {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) return () => undefined;
  writeFileSync(policy, "#!/bin/sh\nexit 101\n");
  chmodSync(policy, 0o755);
  return () => rmSync(policy, { force: true });
}

/** apt may need the proxy that everything else here must not use. */
export function proxies(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^(https?|all|no|ftp)_proxy$/i.test(name)),
  );
}
