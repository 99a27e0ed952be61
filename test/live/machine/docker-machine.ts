import { copyFileSync } from "node:fs";
import { request } from "node:https";
import path from "node:path";
import type { LabEngine } from "../../lab/engine.ts";
import type { TestAuthority } from "../../support/certificates.ts";
import { clientFiles } from "../support/http-get.ts";

/** The swarm options of `docker-machine create` (spec: cli.md §7.1). */
export interface SwarmOptions {
  readonly image: string;
  readonly discovery: string;
  /** `--swarm-master`: this machine runs the manager, too. */
  readonly master?: boolean;
  /** `--swarm-opt`, each `name=value` or `name`. */
  readonly opts?: readonly string[];
  /** `--swarm-join-opt` */
  readonly joinOpts?: readonly string[];
  /** `--swarm-experimental` */
  readonly experimental?: boolean;
  /** Up to 0.5 the containers shared the host's network. */
  readonly layout: "published port" | "host network";
}

/** Where docker-machine puts certificates on most systems; the engine's host has a folder of its own there. */
const optionsFolder = "/etc/docker";
const strategy = "spread";
const swarmPort = "3376";

/**
 * An engine as docker-machine has set it up: TLS on 2376 with one key pair in `/etc/docker`, which the manager is given as well. The
 * requests are those of docker-machine's own client, version 1.15 of the API.
 */
export class DockerMachine {
  readonly engine: LabEngine;
  readonly #clientFolder: string;

  constructor(engine: LabEngine, clientFolder: string) {
    this.engine = engine;
    this.#clientFolder = clientFolder;
  }

  /** Gives the engine certificates as docker-machine makes them, and starts it anew with them. */
  async configureAuth(authority: TestAuthority, master: boolean): Promise<void> {
    const { ip, name, host, tlsFolder } = this.engine;
    const usages = master ? (["server", "client"] as const) : (["server"] as const);
    const files = await authority.write(tlsFolder, { cn: name, sans: [ip, "localhost"], usages, key: "rsa" });
    const home = path.join(host.folder, "etc-docker"); // mounted at /etc/docker
    copyFileSync(files.ca, path.join(home, "ca.pem"));
    copyFileSync(files.cert, path.join(home, "server.pem"));
    copyFileSync(files.key, path.join(home, "server-key.pem"));
    await this.engine.restart();
  }

  /** `configureSwarm`: pulls the image and starts the manager, if this is the master, and the agent. */
  async configureSwarm(options: SwarmOptions): Promise<void> {
    if (options.master === true) await this.#run("swarm-agent-master", this.#masterConfig(options));
    await this.#run("swarm-agent", this.#agentConfig(options));
  }

  /** Asks the engine as docker-machine does: over TLS, with the user's certificate. */
  async api(method: string, apiPath: string, body?: unknown): Promise<string> {
    const text = body === undefined ? "" : JSON.stringify(body);
    return await new Promise((resolve, reject) => {
      const call = request(`https://${this.engine.addr}/v1.15${apiPath}`, {
        ...clientFiles(this.#clientFolder),
        method,
        headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) },
        signal: AbortSignal.timeout(60_000),
        agent: false,
      });
      call.on("error", reject);
      call.on("response", (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () => {
          const said = Buffer.concat(chunks).toString("utf8");
          if ((answer.statusCode ?? 0) < 300) resolve(said);
          else reject(new Error(`${method} ${apiPath}: ${String(answer.statusCode)} ${said}`));
        });
      });
      call.end(text);
    });
  }

  #masterConfig({ opts = [], experimental, discovery, image, layout }: SwarmOptions): ContainerConfig {
    const file = (name: string): string => `${optionsFolder}/${name}`;
    const certificates = [
      `--tlscacert=${file("ca.pem")}`,
      `--tlscert=${file("server.pem")}`,
      `--tlskey=${file("server-key.pem")}`,
    ];
    return {
      Image: image,
      Cmd: [
        ...(experimental === true ? ["--experimental"] : []),
        ...["manage", "--tlsverify", ...certificates, "-H", `tcp://0.0.0.0:${swarmPort}`],
        ...["--strategy", strategy, "--advertise", `${this.engine.ip}:${swarmPort}`],
        ...opts.map((option) => `--${option}`),
        discovery,
      ],
      ExposedPorts: layout === "host network" ? {} : { "2375/tcp": {}, [`${swarmPort}/tcp`]: {} },
      HostConfig: {
        Binds: [`${optionsFolder}:${optionsFolder}`],
        RestartPolicy: { Name: "always", MaximumRetryCount: 0 },
        ...(layout === "host network"
          ? { NetworkMode: "host" }
          : { PortBindings: { [`${swarmPort}/tcp`]: [{ HostIp: "0.0.0.0", HostPort: swarmPort }] } }),
      },
    };
  }

  #agentConfig({ joinOpts = [], experimental, discovery, image, layout }: SwarmOptions): ContainerConfig {
    return {
      Image: image,
      Cmd: [
        ...(experimental === true ? ["--experimental"] : []),
        ...["join", "--advertise", this.engine.addr],
        ...joinOpts.map((option) => `--${option}`),
        discovery,
      ],
      ExposedPorts: {},
      HostConfig: {
        RestartPolicy: { Name: "always", MaximumRetryCount: 0 },
        ...(layout === "host network" && { NetworkMode: "host" }),
      },
    };
  }

  /** `CreateContainer`: pull, create, start with the host configuration once more. */
  async #run(name: string, config: ContainerConfig): Promise<void> {
    const [, repository = "", tag = "latest"] = /^(.*?)(?::([^:/]+))?$/.exec(config.Image) ?? [];
    const pulled = await this.api("POST", `/images/create?fromImage=${repository}&tag=${tag}`);
    if (pulled.includes('"error"'))
      throw new Error(`${this.engine.name} did not pull ${config.Image}: ${pulled}`);
    const { Id } = JSON.parse(await this.api("POST", `/containers/create?name=${name}`, config)) as {
      Id: string;
    };
    await this.api("POST", `/containers/${Id}/start`, config.HostConfig);
  }
}

interface ContainerConfig {
  readonly Image: string;
  readonly Cmd: readonly string[];
  readonly ExposedPorts: Readonly<Record<string, object>>;
  readonly HostConfig: unknown;
}

/** The user's own certificate, in a folder as `DOCKER_CERT_PATH` takes it. */
export async function machineClient(folder: string, authority: TestAuthority): Promise<string> {
  await authority.write(folder, { cn: "user", usages: ["client"], key: "rsa" });
  return folder;
}
