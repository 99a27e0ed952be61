import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { expect } from "chai";
import { parseCluster } from "../../../src/simulate/file/parse-cluster.ts";
import { infoNodes } from "../../../src/simulate/copy/info-nodes.ts";
import { request } from "../../fleet/request.ts";
import { swarm } from "../fake-world.ts";
import { get, Stand, until } from "./stand.ts";

describe("cli/simulate: a simulation", function () {
  this.timeout(30_000);

  it("serves a cluster of its own until it is asked to stop, and leaves nothing", async () => {
    await using stand = new Stand();
    const { addr, running } = await stand.up("--engines 3 --containers 4");
    expect(await get(addr, "/info")).to.include({ Containers: 12, ContainersRunning: 12 });
    expect(running.stderr()).to.equal("3 simulated engines with 12 containers stand\n3 nodes healthy\n");
    expect(running.stdout())
      .to.include(`docker -H tcp://${addr} info`)
      .and.include("swarm simulate fail NODE");

    running.stop();
    expect(await running.code).to.equal(0);
    const failed = await request(addr, "GET", "/_ping").catch((error: unknown) => error);
    expect(failed).to.have.property("code", "ECONNREFUSED");
    const [folder = ""] = readdirSync(stand.folder);
    expect(readdirSync(path.join(stand.folder, folder))).to.deep.equal([]);
  });

  it("runs any image and any command, by the strategy it is told", async () => {
    await using stand = new Stand();
    const { addr } = await stand.up("--engines 3 --containers 0 --strategy binpack");
    const place = async (name: string): Promise<string> => {
      const body = { Image: "acme/app:7", Cmd: ["java", "-jar", "x"], HostConfig: { Memory: 1024 ** 3 } };
      const made = await request(addr, "POST", `/containers/create?name=${name}`, body);
      if (made.status === 404) {
        await request(addr, "POST", "/images/create?fromImage=acme/app&tag=7");
        return place(name);
      }
      expect(made.status, made.body).to.equal(201);
      expect((await request(addr, "POST", `/containers/${name}/start`)).status).to.equal(204);
      const found = await get<{ State: { Status: string }; Node: { Name: string } }>(
        addr,
        `/containers/${name}/json`,
      );
      expect(found.State.Status).to.equal("running");
      return found.Node.Name;
    };
    const first = await place("one");
    expect([await place("two"), await place("three")]).to.deep.equal([first, first]);
  });

  it("shows how to start a manager when it starts none", async () => {
    await using stand = new Stand();
    const running = stand.command("--engines 2 --containers 1 --engines-only --engine-port 0");
    const [, list = ""] = await stand.said(running, /manage .* 'nodes:\/\/([^']+)'[^]*Ctrl-C ends it/);
    for (const addr of list.split(",")) expect(await get(addr, "/info")).to.have.property("Containers", 1);
    expect((await stand.once("list")).stdout).to.match(/^NODE +ADDR +CONDITION +CONTAINERS\nnode-1 +127/);
  });

  it("names the manager's address when it is in use, before any engine begins", async () => {
    await using stand = new Stand();
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    try {
      const { code, stderr } = await stand.once(`-H tcp://127.0.0.1:${port}`);
      expect(stderr).to.match(
        /listen tcp 127\.0\.0\.1:\d+: address already in use\. Choose another one with --host\n$/,
      );
      expect([code, stderr.includes("stand")]).to.deep.equal([1, false]);
    } finally {
      taken.close();
    }
  });

  it("ends with 130 when it is stopped while it starts", async () => {
    await using stand = new Stand();
    const running = stand.command("--engines 200 --containers 1 --engine-port 0 --engines-only");
    running.stop();
    expect(await running.code).to.equal(130);
    expect(running.stdout()).to.equal("");
  });
});

describe("cli/simulate: orders", function () {
  this.timeout(30_000);

  it("a node that fails loses its containers to others, and may come back", async () => {
    await using stand = new Stand();
    const fast =
      "--engine-refresh-min-interval 200ms --engine-refresh-max-interval 300ms --engine-failure-retry 1";
    const file = path.join(stand.folder, "c.yaml");
    const policy = `{ com.docker.swarm.reschedule-policies: '["on-node-failure"]', com.docker.swarm.id: "${"7".repeat(64)}" }`;
    writeFileSync(
      file,
      `nodes: [{ name: "n{n}", count: 2 }, { name: sick, containers: [{ name: web, network: shop, labels: ${policy} }] }]`,
    );
    const { addr } = await stand.up(`--file ${file} ${fast}`);
    const places = async (): Promise<string> => {
      const list = await get<{ Names: string[]; State: string }[]>(addr, "/containers/json?all=1");
      return list.map(({ Names, State }) => `${Names[0] ?? ""} ${State}`).join();
    };
    expect(await places()).to.equal("/sick/web running");

    expect(await stand.once("fail sick")).to.include({ code: 0, stdout: "sick\n" });
    expect((await stand.once("list")).stdout).to.match(/^sick +\S+ +failed +1$/m);
    await until(async () => /^\/n[12]\/web running$/.test(await places()));

    await stand.once("recover sick");
    const isHealthy = async (): Promise<boolean> =>
      (infoNodes(await get(addr, "/info")) ?? []).every(({ status }) => status === "Healthy");
    await until(isHealthy);
    // The manager sees to it that only one copy stays.
    await until(async () => /^\/n[12]\/web running$/.test(await places()));
  });

  it("are given to the simulation that is meant", async () => {
    await using stand = new Stand();
    const nobody = await stand.once("freeze node-1");
    expect([nobody.code, nobody.stderr.slice(20)]).to.deep.equal([
      1,
      "no simulation of this user is running on this machine. Start one with 'swarm simulate'.\n",
    ]);
    const { addr } = await stand.up("--engines 1 --containers 0");
    const other = await stand.once("fail -H tcp://127.0.0.1:1 node-1");
    expect(other.stderr).to.include(`no simulation has a manager at tcp://127.0.0.1:1, only tcp://${addr}\n`);
    const unknown = await stand.once("fail node-1 node-7");
    expect([unknown.code, unknown.stdout]).to.deep.equal([1, "node-1\n"]);
    expect(unknown.stderr).to.include("No such node: node-7\n");
    const json = await stand.once(`list --format json -H tcp://${addr}`);
    expect(JSON.parse(json.stdout)).to.include({ name: "node-1", condition: "failed", containers: 0 });
    expect((await stand.once("freeze")).stderr).to.include("simulate freeze needs a NODE.");
    expect((await stand.once("list now")).stderr).to.include("simulate list takes no arguments");
  });
});

describe("cli/simulate: a copy", function () {
  this.timeout(30_000);

  it("is the cluster it was made of, and the manager keeps its own", async () => {
    await using stand = new Stand();
    const file = path.join(stand.folder, "original.yaml");
    const text = `
nodes:
  - name: a
    cpus: 7
    memory: 20GiB
    version: 28.5.1
    labels: { region: us-east, "odd": "x, y=z" }
    system: { operatingsystem: Debian 12, kernelversion: "6.1", storagedriver: btrfs }
    availability: drain
    containers:
      - { name: web, image: "nginx:1.27", memory: 256MiB, memory-reservation: 128MiB, cpus: 1.5, ports: ["8080:80", "53/udp"], network: shop, labels: { tier: web } }
      - { name: job, image: busybox, state: exited, exit-code: 3 }
      - { name: later, image: busybox, state: created }
      - { name: still, image: busybox, state: paused }
  - { name: b, cpus: 4, memory: 8GiB, version: "20.10.24", system: { operatingsystem: X, kernelversion: Y, storagedriver: Z } }
`;
    writeFileSync(file, text);
    const { addr } = await stand.up(`--file ${file}`);
    const saved = path.join(stand.folder, "copy.yaml");
    const { code, stdout, stderr } = await stand.once(`--from tcp://${addr} --save ${saved}`);
    expect([code, stdout]).to.deep.equal([0, `${saved}\n`]);
    expect(stderr).to.match(/^copied tcp:\/\/\S+: 2 nodes, 4 containers\n {2}Not copied: environment,/);
    expect(statSync(saved).mode & 0o777).to.equal(0o600);

    const original = parseCluster(text, "original");
    const copy = parseCluster(readFileSync(saved, "utf8"), "copy");
    const memory = original.nodes.map(
      ({ memoryBytes }, index) => copy.nodes[index]!.memoryBytes / memoryBytes - 1,
    );
    for (const error of memory) expect(Math.abs(error)).to.be.below(0.001); // info shows four digits
    const exact = (model: typeof copy) => model.nodes.map((each) => ({ ...each, memoryBytes: 0 }));
    const sorted = original.nodes.map((each) => ({
      ...each,
      containers: [...each.containers].sort((x, y) => (x.name < y.name ? -1 : 1)),
    }));
    expect(exact(copy)).to.deep.equal(exact({ ...original, nodes: sorted }));
  });

  it("says what answers where no manager does", async () => {
    await using stand = new Stand();
    const running = stand.command("--engines 1 --containers 0 --engines-only --engine-port 0");
    const [, engine = ""] = await stand.said(running, /nodes:\/\/([^']+)'/);
    expect((await stand.once(`--from tcp://${engine} --engines-only`)).stderr).to.include(
      `tcp://${engine}: it is no swarm manager: its info names no nodes\n`,
    );
    expect((await stand.once("--from tcp://127.0.0.1:1 --engines-only")).stderr).to.include(
      "nobody listens there",
    );
  });
});

describe("cli/simulate: flags", function () {
  this.timeout(10_000);

  // prettier-ignore
  const faults = [
    { line: "x",                                       says: `simulate takes no arguments, and got "x"` },
    { line: "--file a --from b",                       says: "--file and --from cannot be used together" },
    { line: "--file a --engines 3",                    says: "--engines cannot be used with --file, which says what there is" },
    { line: "--from a --containers 3",                 says: "--containers cannot be used with --from, which says what there is" },
    { line: "--save a",                                says: "--save needs --from, the manager to copy" },
    { line: "--tls",                                   says: "the --tls flags are for the manager of --from" },
    { line: "--engines 0",                             says: "--engines should be from 1 to 10000" },
    { line: "--engines 10001",                         says: "--engines should be from 1 to 10000" },
    { line: "--containers -1",                         says: "--containers should be from 0 to 10000" },
    { line: "--engines 10000 --containers 31",         says: "310000 containers are too many: 300000 can be simulated" },
    { line: "--engine-port 65536",                     says: "--engine-port should be from 0 to 65535" },
    { line: "-H tcp://0.0.0.0:3376",                   says: "--host tcp://0.0.0.0:3376: other machines could reach it, and whoever does may do everything. If they should, say --expose" },
    { line: "-H :3376",                                says: "other machines could reach it" },
    { line: "-H tcp://10.0.0.1:3376",                  says: "other machines could reach it" },
    { line: "-H tcp://127.0.0.1:0",                    says: "--host tcp://127.0.0.1:0: a simulation's manager needs a port" },
    { line: "-H unix:///tmp/x",                        says: "--host unix:///tmp/x: a simulation's manager listens on TCP only" },
    { line: "-H udp://127.0.0.1:1",                    says: `unsupported protocol: "udp"` },
    { line: "--strategy best",                         says: "strategy not supported" },
    { line: "--filter none",                           says: "filter not supported" },
    { line: "--cluster-opt swarm.overcommit=-2",       says: "swarm.overcommit should be larger than -1" },
    { line: "--engine-refresh-min-interval 0s",        says: "min refresh interval should be a positive number" },
    { line: "--file /nowhere/c.yaml --engines-only",   says: "cannot read /nowhere/c.yaml: ENOENT" },
    { line: "--from ssh://m --engines-only",           says: `invalid --from "ssh://m"` },
  ];
  for (const { line, says } of faults) {
    it(`"${line}" is refused`, async () => {
      const { code, stdout, stderr } = await swarm(`simulate ${line}`);
      expect([code, stdout]).to.deep.equal([1, ""]);
      expect(stderr).to.include(says);
    });
  }

  it("are explained, those of orders too", async () => {
    expect((await swarm("simulate --help")).stdout).to.match(
      /^Usage: swarm simulate \[OPTIONS\]\n[^]*Commands:\n {2}simulate fail\t[^]* {2}--engines "10"\t[^]* {2}--save \t/,
    );
    expect((await swarm("simulate freeze --help")).stdout).to.match(
      /^Usage: swarm simulate freeze \[OPTIONS\] NODE \[NODE\.\.\.\]\n/,
    );
    expect((await swarm("simulate --nosuch")).stdout).to.match(/^Incorrect Usage\.\n\nUsage: swarm simulate/);
  });

  it("name the line of a file that is wrong", async () => {
    await using stand = new Stand();
    const file = path.join(stand.folder, "c.yaml");
    writeFileSync(file, "nodes:\n  - name: a\n    cpu: 3\n");
    const { code, stderr } = await stand.once(`--file ${file} --engines-only`);
    expect([code, stderr.slice(20)]).to.deep.equal([
      1,
      `${file}:3: nodes[0].cpu is not known here: there are name, count, cpus, memory, labels, version, system, availability, containers\n`,
    ]);
  });
});
