import { expect } from "chai";
import path from "node:path";
import { eventually } from "../../lab/eventually.ts";
import { Lab } from "../../lab/lab.ts";
import { LabRegistry } from "../../lab/registry.ts";
import type { StoreServer } from "../../lab/stores/store-server.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { dockerAt, succeed } from "../support/docker-cli.ts";
import type { Docker } from "../support/docker-cli.ts";
import { startEtcd } from "../../lab/stores/etcd.ts";
import type { LabEtcd } from "../../lab/stores/etcd.ts";
import { httpGet } from "../support/http-get.ts";
import { needs } from "../support/needs.ts";
import { DockerMachine, machineClient } from "./docker-machine.ts";
import { labConsulAddress, startLabConsul } from "./lab-consul.ts";
import { swarmImage } from "./swarm-image.ts";

interface State {
  readonly Status: string;
  readonly ExitCode: number;
  readonly Pid: number;
  readonly Health: { readonly Status: string };
}

/** docker-machine itself is not run here: its requests are, see docs/docker-machine.md. */
describe("machines of docker-machine, with our image as --swarm-image", () => {
  needs("etcd");
  let lab: Lab, registry: LabRegistry, image: string, clientFolder: string;
  let master: DockerMachine, worker: DockerMachine;
  /** What `docker-machine env --swarm` sets: the manager's address and the user's certificate. */
  let swarm: Docker;
  const machines = (): readonly DockerMachine[] => [master, worker];
  const inspect = async ({ engine }: DockerMachine, name: string) => {
    const { body } = await engine.api("GET", `/containers/${name}/json`);
    return JSON.parse(body) as { readonly State: State; readonly RestartCount: number };
  };
  const logs = async ({ engine }: DockerMachine, name: string) => {
    const { stdout, stderr } = await engine.docker(["logs", name]);
    return stdout + stderr;
  };
  /** The nodes `docker info` shows as healthy. */
  const healthyNodes = async (): Promise<string> => {
    const { body } = await httpGet(`https://${master.engine.ip}:3376/info`, clientFolder);
    const { SystemStatus = [] } = JSON.parse(body) as {
      SystemStatus?: readonly (readonly [string, string])[];
    };
    const status = (index: number) => SystemStatus.slice(index).find(([key]) => key.endsWith("Status"))?.[1];
    const nodes = SystemStatus.flatMap(([key], index) =>
      /^ \S+$/.test(key) && status(index) === "Healthy" ? [key.trim()] : [],
    );
    return nodes.sort().join(" ");
  };
  const untilNodes = (wanted: string) =>
    eventually(`the manager has ${wanted === "" ? "no node" : wanted}`, async () => {
      return (await healthyNodes().catch(() => "nothing")) === wanted;
    });
  /** Past the engine: as if the program had crashed, or hung. */
  const signal = async (machine: DockerMachine, name: string, word: "KILL" | "STOP"): Promise<void> => {
    const { State } = await inspect(machine, name);
    await machine.engine.host.exec("kill", `-${word}`, String(State.Pid));
  };
  const crash = async (machine: DockerMachine, name: string): Promise<void> => {
    const before = await inspect(machine, name);
    await signal(machine, name, "KILL");
    await eventually(`${name} runs again`, async () => {
      const { RestartCount, State } = await inspect(machine, name);
      return RestartCount > before.RestartCount && State.Status === "running";
    });
  };

  before(async () => {
    const authority = await TestAuthority.create("docker-machine user");
    const engines = ["dm1", "dm2"].map((name) => ({ name, tls: authority }));
    const archive = await swarmImage();
    lab = await Lab.create({ engines });
    clientFolder = await machineClient(path.join(lab.folder, "machine-client"), authority);
    master = new DockerMachine(lab.engine("dm1"), clientFolder);
    worker = new DockerMachine(lab.engine("dm2"), clientFolder);
    swarm = dockerAt(`tcp://${master.engine.ip}:3376`, {
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: clientFolder,
    });
    registry = await LabRegistry.start(lab);
    await succeed((args, options) => worker.engine.docker(args, options), ["load", "-i", archive]);
    image = await registry.push(worker.engine, "swarm:latest", "swarm:latest");
    await Promise.all([master.configureAuth(authority, true), worker.configureAuth(authority, false)]);
  });
  after(async () => {
    await registry[Symbol.asyncDispose]();
    await lab.dispose();
  });

  describe("over Consul, the manager's port published", () => {
    let consul: StoreServer;
    const entries = async (): Promise<readonly string[]> => {
      const url = `http://${labConsulAddress(lab)}/v1/kv/sw/docker/swarm/nodes/?keys`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(5000) });
      const keys = answer.status === 404 ? [] : ((await answer.json()) as readonly string[]);
      return keys
        .map((key) => key.replace(/^sw\/docker\/swarm\/nodes\//, ""))
        .filter((key) => key !== "")
        .sort();
    };

    before(async () => {
      const options = {
        image,
        discovery: `consul://${labConsulAddress(lab)}/sw`,
        layout: "published port",
        experimental: true,
      } as const;
      const opts = [
        "heartbeat=1s",
        "engine-refresh-min-interval=1s",
        "engine-refresh-max-interval=2s",
        "refresh-on-node-filter",
      ];
      await Promise.all([
        master.configureSwarm({ ...options, master: true, opts, joinOpts: ["heartbeat=2s", "ttl=6s"] }),
        worker.configureSwarm(options),
      ]);
    });
    after(async () => await consul[Symbol.asyncDispose]());

    it("are up before their store, and find each other once it serves", async () => {
      await eventually(
        "the manager answers",
        async () => (await healthyNodes().catch(() => undefined)) === "",
      );
      consul = await startLabConsul(lab);
      await untilNodes("dm1 dm2");
      expect(await entries()).to.deep.equal(machines().map(({ engine }) => engine.addr));
    });

    it("take the docker client with the user's certificate, and nobody without", async () => {
      expect(await succeed(swarm, ["run", "--rm", "busybox", "echo", "hello"])).to.equal("hello");
      const id = await succeed(swarm, [
        "run",
        "-d",
        "-e",
        "constraint:node==dm2",
        "--name",
        "web",
        "busybox",
        "top",
      ]);
      expect(await succeed(swarm, ["ps", "--no-trunc", "--format", "{{.ID}} {{.Names}}"])).to.include(
        `${id} dm2/web`,
      );
      const sorted = await succeed(swarm, ["exec", "-i", "web", "sort"], { input: "pear\napple\n" });
      expect(sorted).to.equal("apple\npear");
      await succeed(swarm, ["rm", "-f", "web"]);
      const info = await succeed(swarm, ["info"]);
      expect(info)
        .to.match(/Nodes: 2/)
        .and.match(/Strategy: spread/);
      const version = await succeed(swarm, ["version", "--format", "{{.Server.Experimental}}"]);
      expect(version).to.equal("true");
      const stranger = await machineClient(path.join(lab.folder, "stranger"), await TestAuthority.create());
      const refused = await swarm(["ps"], { env: { DOCKER_CERT_PATH: stranger } });
      expect(refused.code, refused.stdout).to.equal(1);
    });

    it("are healthy in their engine's eyes, and say why", async () => {
      for (const [machine, name] of [
        [master, "swarm-agent-master"],
        [master, "swarm-agent"],
        [worker, "swarm-agent"],
      ] as const) {
        await eventually(`${name} is healthy`, async () => {
          return (await inspect(machine, name)).State.Health.Status === "healthy";
        });
        const said = await succeed((args) => machine.engine.docker(args), ["exec", name, "swarm", "health"]);
        expect(said).to.match(/^healthy: (manage|join): /);
      }
    });

    it("come back after a crash, and register again at once", async () => {
      // An agent that runs would notice, and write its entry again.
      await signal(worker, "swarm-agent", "STOP");
      await fetch(`http://${labConsulAddress(lab)}/v1/kv/sw/docker/swarm/nodes/${worker.engine.addr}`, {
        method: "DELETE",
      });
      await untilNodes("dm1");
      await crash(worker, "swarm-agent");
      await untilNodes("dm1 dm2");
      await crash(master, "swarm-agent-master");
      await untilNodes("dm1 dm2");
      expect(await succeed(swarm, ["run", "--rm", "busybox", "echo", "again"])).to.equal("again");
    });

    it("leave when their agent is stopped", async () => {
      await succeed((args) => worker.engine.docker(args), ["stop", "swarm-agent"]);
      const { State } = await inspect(worker, "swarm-agent");
      expect(State.ExitCode, await logs(worker, "swarm-agent")).to.equal(0);
      expect(await entries()).to.deep.equal([master.engine.addr]);
      await untilNodes("dm1");
      await succeed((args) => master.engine.docker(args), ["stop", "swarm-agent-master"]);
      const manager = await inspect(master, "swarm-agent-master");
      expect(manager.State.ExitCode, await logs(master, "swarm-agent-master")).to.equal(0);
    });
  });

  describe("over etcd's version 2, in the host's network as up to 0.5", () => {
    const v2 = "discovery-opt=kv.etcd=v2";
    let etcd: LabEtcd, discovery: string;

    before(async () => {
      const remove = ["rm", "-f", "-v", "swarm-agent", "swarm-agent-master"];
      await Promise.all(machines().map(({ engine }) => engine.docker(remove)));
      etcd = await startEtcd(lab, { ip: lab.network.gateway, v2: true });
      discovery = `etcd://${etcd.address}/sw`;
      const options = { image, discovery, layout: "host network", joinOpts: [v2] } as const;
      await Promise.all([
        master.configureSwarm({ ...options, master: true, opts: [v2] }),
        worker.configureSwarm(options),
      ]);
    });
    after(async () => await etcd[Symbol.asyncDispose]());

    it("serve the docker client", async () => {
      await untilNodes("dm1 dm2");
      expect(await succeed(swarm, ["run", "--rm", "-i", "busybox", "cat"], { input: "through" })).to.equal(
        "through",
      );
    });

    it("are listed by the image itself", async () => {
      const run = (...args: readonly string[]) =>
        succeed((words) => worker.engine.docker(words), ["run", "--rm", ...args]);
      const both = machines().map(({ engine }) => engine.addr);
      expect((await run(image, "list", `--${v2}`, discovery)).split("\n").sort()).to.deep.equal(both);
      expect(await run(image, "list", "--discovery-opt=kv.etcd=v3", discovery)).to.equal("");
      expect(await run(image)).to.match(/^Usage: swarm \[OPTIONS\] COMMAND/);
      expect(await run("--entrypoint", "swarm", image, "--version")).to.match(/^swarm version \d/);
    });
  });
});
