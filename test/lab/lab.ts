import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { busyboxImage } from "./busybox-image.ts";
import { HostCgroup } from "./cgroups.ts";
import { claimLab, reapStaleLabs } from "./claim.ts";
import type { LabClaim } from "./claim.ts";
import { must } from "./command.ts";
import type { TestAuthority } from "../support/certificates.ts";
import { LabEngine } from "./engine.ts";
import type { EngineParts } from "./engine.ts";
import { LabHost } from "./host.ts";
import { LabNetwork } from "./network.ts";
import { fetchSuiteEngine } from "./suite-engine.ts";

/** `installed` is the system's engine (20.10 on Debian 12); 26 and 28 come from newer suites, see {@link fetchSuiteEngine}. */
export type EngineVersion = "installed" | "26" | "28";

/** One engine to start. */
export interface EngineSpec {
  /** Host name, and so the node's name. */
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly version?: EngineVersion;
  /** More arguments for dockerd, such as `--live-restore`. */
  readonly args?: readonly string[];
  /** The name of an engine that this one is a clone of: it reports the same engine ID. */
  readonly cloneOf?: string;
  /** Serves mutual TLS with a certificate of this authority for its address; the docker client of the lab has one as well. */
  readonly tls?: TestAuthority;
}

/** What a lab consists of, and how it behaves towards its process. */
export interface LabSpec {
  readonly engines: readonly EngineSpec[];
  readonly log?: (line: string) => void;
  /**
   * Whether SIGINT, SIGTERM and SIGHUP remove the lab and end the process (default). A program with handlers of its
   * own says `false` and disposes of the lab itself; whatever it forgets, the exit hook and the watchdog do.
   */
  readonly exitOnSignals?: boolean;
}

/** Some real engines on one network, with everything needed to break them. Linux and root only, see `system.ts`. */
export class Lab implements AsyncDisposable {
  readonly engines: readonly LabEngine[];
  readonly network: LabNetwork;
  /** The ID of the busybox image, the same on every engine. */
  readonly busyboxId: string;
  readonly #claim: LabClaim;
  readonly #forgetSignals: () => void;
  #disposal: Promise<void> | undefined;

  private constructor(claim: LabClaim, network: LabNetwork, made: Made, forgetSignals: () => void) {
    this.#claim = claim;
    this.network = network;
    this.engines = made.engines;
    this.busyboxId = made.busyboxId;
    this.#forgetSignals = forgetSignals;
  }

  /** Starts the engines in parallel, each with the busybox image. Removes everything again if one of them fails. */
  static async create({ engines, log = () => undefined, exitOnSignals = true }: LabSpec): Promise<Lab> {
    await reapStaleLabs(log);
    const claim = await claimLab();
    const forgetSignals = exitOnSignals ? onSignals() : () => undefined;
    try {
      const network = new LabNetwork(claim);
      return new Lab(claim, network, await build(claim, network, engines, log), forgetSignals);
    } catch (error) {
      forgetSignals();
      await claim[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Begins the name of everything this lab makes on the machine: namespaces, link, cgroups. */
  get id(): string {
    return this.#claim.id;
  }

  /** A folder for files that must not outlive the lab. */
  get folder(): string {
    return this.#claim.folder;
  }

  /** Give it to processes that must not outlive the lab: the clean-up ends whatever carries it. */
  get mark(): NodeJS.ProcessEnv {
    return this.#claim.mark;
  }

  /** @throws {Error} when there is no engine of that name. */
  engine(name: string): LabEngine {
    const found = this.engines.find((engine) => engine.name === name);
    if (found === undefined) throw new Error(`the lab has no engine ${name}`);
    return found;
  }

  /** Undoes every fault on every engine. */
  async recover(): Promise<void> {
    await Promise.all(this.engines.map((engine) => engine.recover()));
  }

  /** Removes everything the lab made. Safe to call twice. */
  async dispose(): Promise<void> {
    this.#disposal ??= this.#claim[Symbol.asyncDispose]().finally(this.#forgetSignals);
    await this.#disposal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

interface Made {
  readonly engines: readonly LabEngine[];
  readonly busyboxId: string;
}

async function build(
  claim: LabClaim,
  network: LabNetwork,
  specs: readonly EngineSpec[],
  log: (line: string) => void,
): Promise<Made> {
  const [image, storageDriver] = await Promise.all([
    busyboxImage(),
    storageDriverFor(claim.folder),
    network.createHub(),
  ]);
  const archive = readFileSync(image.file);
  const started = new Map<string, Promise<LabEngine>>();
  for (const [index, spec] of specs.entries()) {
    if (started.has(spec.name)) throw new Error(`two engines are called ${spec.name}`);
    const origin = spec.cloneOf === undefined ? undefined : started.get(spec.cloneOf);
    if (spec.cloneOf !== undefined && origin === undefined)
      throw new Error(`${spec.cloneOf} must come before ${spec.name}`);
    const starting = (async () => {
      const engine = await createEngine(claim, network, { spec, index, storageDriver, log });
      if (origin !== undefined) copyIdentity(await origin, engine);
      await engine.start();
      const { status, body } = await engine.api("POST", "/images/load", archive);
      if (status !== 200) throw new Error(`engine ${spec.name} did not load busybox: ${body}`);
      return engine;
    })();
    starting.catch(() => undefined); // reported once, below
    started.set(spec.name, starting);
  }
  const results = await Promise.allSettled(started.values());
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return { engines: await Promise.all(started.values()), busyboxId: image.id };
}

interface EnginePlan {
  readonly spec: EngineSpec;
  readonly index: number;
  readonly storageDriver: string;
  readonly log: (line: string) => void;
}

async function createEngine(claim: LabClaim, network: LabNetwork, plan: EnginePlan): Promise<LabEngine> {
  const { spec, index, storageDriver, log } = plan;
  if (!/^[a-z0-9][a-z0-9-]*$/.test(spec.name) || spec.name === "hub")
    throw new Error(`not a host name: ${spec.name}`);
  const bin = await engineFolder(spec.version ?? "installed", log);
  const ip = `${claim.prefix}.${String(11 + index)}`;
  const folder = path.join(claim.folder, spec.name);
  mkdirSync(folder);
  const cgroup = new HostCgroup(`${claim.id}-${spec.name}`);
  cgroup.create();
  await network.createHost(spec.name, index, ip);
  const networkNamespace = network.namespaceFile(spec.name);
  const host = new LabHost({ name: spec.name, folder, networkNamespace, cgroup, mark: claim.mark });
  const { name, labels = {}, args = [] } = spec;
  const made = { host, network, mark: claim.mark, storageDriver };
  const parts = { name, ip, index, labels, args, ...made, ...(await certificates(spec, ip, folder)) };
  const engine = new LabEngine(bin === undefined ? parts : { ...parts, bin });
  await host.boot();
  return engine;
}

async function certificates(
  { name, tls }: EngineSpec,
  ip: string,
  folder: string,
): Promise<Pick<EngineParts, "tlsFolder" | "clientFolder">> {
  if (tls === undefined) return {};
  const [tlsFolder, clientFolder] = [path.join(folder, "tls"), path.join(folder, "tls-client")];
  await tls.write(tlsFolder, { cn: name, sans: [ip], usages: ["server"] });
  await tls.write(clientFolder, { cn: "lab", usages: ["client"] });
  return { tlsFolder, clientFolder };
}

async function engineFolder(
  version: EngineVersion,
  log: (line: string) => void,
): Promise<string | undefined> {
  if (version === "installed") return undefined;
  const found = await fetchSuiteEngine(version === "26" ? "trixie" : "sid", log);
  if (found.kind === "unavailable") throw new Error(`engine ${version} is not available: ${found.reason}`);
  return found.bin;
}

/** Makes a not yet started engine report the ID of another: 20.10 keeps it in `/etc/docker`, newer ones with the data. */
function copyIdentity(from: LabEngine, to: LabEngine): void {
  mkdirSync(path.join(to.host.folder, "data"), { recursive: true, mode: 0o710 });
  for (const file of ["etc-docker/key.json", "data/engine-id"]) {
    const source = path.join(from.host.folder, file);
    if (existsSync(source)) copyFileSync(source, path.join(to.host.folder, file));
  }
}

/** overlay2 cannot stand on another overlay, as inside a container; vfs can, slowly. */
async function storageDriverFor(folder: string): Promise<string> {
  const type = (await must("stat", ["-f", "-c", "%T", folder])).trim();
  return type === "overlayfs" ? "vfs" : "overlay2";
}

/** Ends the process on a signal, so that the exit hook removes the lab. Gives the function that stops listening. */
function onSignals(): () => void {
  const signals: readonly NodeJS.Signals[] = ["SIGHUP", "SIGINT", "SIGTERM"];
  const exit = (signal: NodeJS.Signals) => process.exit(128 + constants.signals[signal]);
  for (const signal of signals) process.prependListener(signal, exit);
  return () => {
    for (const signal of signals) process.removeListener(signal, exit);
  };
}
