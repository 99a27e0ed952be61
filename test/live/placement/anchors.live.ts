import { mkdtemp, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { clientConfig, type ClientConfig } from "../support/client-config.ts";
import { done, leftovers, type Compose } from "../support/compose.ts";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { containersOf, nodeOf, notPlaced, placed, running } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

describe("what a container needs, in two places", () => {
  const manager = useManager();
  const docker = (...args: string[]) => succeed(manager().docker, args);
  const removeNetwork = async (name: string) => {
    for (const engine of lab().engines) await engine.docker(["network", "rm", name]);
  };
  const known = (name: string) =>
    eventually(`the manager knows ${name}`, async () =>
      (await docker("network", "ls", "--format", "{{.Name}}")).split("\n").includes(name),
    );

  it("is named, and following the advice helps", async () => {
    await running(manager().docker, "--name", "one", "-e", "constraint:node==node-1");
    await running(manager().docker, "--name", "two", "-v", "/data", "-e", "constraint:node==node-2");
    const flags = ["--volumes-from", "two", "--net", "container:one"];
    const lines = await notPlaced(manager().docker, ...flags);
    expect(lines.at(-1)).to.equal(
      "conflict: --volumes-from=two is on node-2 only, --net=container:one is on node-1 only; no node has both. " +
        "Recreate one beside two with -e affinity:container==two, or both of them with -e constraint:node==node-2.",
    );
    await docker("rm", "-f", "one");
    await running(manager().docker, "--name", "one", "-e", "affinity:container==two");
    expect(await placed(manager().docker, ...flags)).to.equal("node-2");
  });

  it("is named when the user's own constraint stands against it", async () => {
    await running(manager().docker, "--name", "one", "-e", "constraint:node==node-2");
    const lines = await notPlaced(manager().docker, "--link", "one", "-e", "constraint:storage==ssd");
    expect(lines.at(-1)).to.equal(
      "conflict: --link=one is on node-2 only, constraint:storage==ssd is on node-1 only; no node has both. " +
        "Recreate one with -e constraint:storage==ssd, or leave constraint:storage==ssd out.",
    );
  });

  describe("a network of one node", () => {
    before(async () => {
      expect(await lab().engine("node-1").docker(["network", "create", "backend"])).to.include({ code: 0 });
      await known("node-1/backend");
    });
    after(() => removeNetwork("backend"));

    it("is no reason to create a container where it cannot start", async () => {
      await running(manager().docker, "--name", "first", "-p", "8085:80", "-e", "constraint:node==node-1");
      const before = await Promise.all(lab().engines.map(containersOf));
      const flags = ["--net", "backend", "-p", "8085:80"];
      const lines = await notPlaced(manager().docker, ...flags);
      expect(lines.slice(-3)).to.deep.equal([
        "port: ruled out 1 of 3 nodes; nearest: node-1 (port 8085 is held by first)",
        "network: ruled out 2 of 3 nodes; nearest: node-2 (network backend is on node-1 only)",
        "remedy: network backend is on node-1 only. Make room there, make the network on another node as well " +
          "(docker network create NODE/backend), or use an overlay network, which spans nodes.",
      ]);
      expect(await Promise.all(lab().engines.map(containersOf))).to.deep.equal(before);

      expect(await lab().engine("node-3").docker(["network", "create", "backend"])).to.include({ code: 0 });
      await known("node-3/backend");
      const id = await running(manager().docker, ...flags);
      expect(await nodeOf(manager().docker, id)).to.equal("node-3");
      await lab().engine("node-3").docker(["rm", "-f", id]);
      await lab().engine("node-3").docker(["network", "rm", "backend"]);
    });

    it("conflicts with a container elsewhere", async () => {
      await running(manager().docker, "--name", "one", "-v", "/data", "-e", "constraint:node==node-2");
      const lines = await notPlaced(manager().docker, "--net", "backend", "--volumes-from", "one");
      expect(lines.at(-1)).to.match(
        /^conflict: --volumes-from=one is on node-2 only, network backend is on node-1 only; no node has both\./,
      );
    });
  });
});

describe("a Compose project", () => {
  const manager = useManager();
  let config: ClientConfig;
  let folder: string;
  before(async () => {
    config = await clientConfig();
    folder = await mkdtemp(path.join(lab().folder, "compose-"));
  });
  after(() => config[Symbol.dispose]());

  const service = { image: "busybox", command: ["sleep", "1000"], stop_grace_period: "1s" };
  /** JSON is YAML. */
  async function project(name: string, content: object): Promise<Compose> {
    const file = path.join(folder, `${name}.yml`);
    await writeFile(file, JSON.stringify(content));
    const docker = config.at(manager().url);
    return (args, options) =>
      docker(["compose", "--progress", "plain", "-p", name, "-f", file, ...args], options);
  }
  const nodesOf = async (...containers: string[]) =>
    await Promise.all(containers.map((each) => nodeOf(manager().docker, each)));

  it("whose services share a network namespace and volumes is on one node, and starts", async () => {
    const compose = await project("shared", {
      services: {
        vpn: { ...service, ports: ["80"] },
        web: { ...service, network_mode: "service:vpn", depends_on: ["vpn"] },
        logs: { ...service, volumes_from: ["store"] },
        store: { ...service, volumes: ["data:/data"] },
      },
      volumes: { data: {} },
    });
    try {
      await done(compose, "up", "-d");
      const nodes = await nodesOf("shared-vpn-1", "shared-web-1", "shared-logs-1", "shared-store-1");
      expect(new Set(nodes).size, nodes.join(" ")).to.equal(1);
    } finally {
      await done(compose, "down", "-v");
    }
    expect(await leftovers("shared")).to.deep.equal([]);
  });

  it("keeps services that share a named volume together without a network, and a recreated one with its data", async () => {
    const services = (reader: string) => ({
      services: {
        writer: { ...service, network_mode: "none", volumes: ["data:/data"] },
        reader: {
          ...service,
          network_mode: "none",
          volumes: ["data:/data:ro"],
          depends_on: ["writer"],
          environment: [reader],
        },
        other: { ...service, network_mode: "none", depends_on: ["reader"] },
      },
      volumes: { data: {} },
    });
    const compose = await project("volumes", services("A=1"));
    try {
      await done(compose, "up", "-d");
      const [writer, reader, other] = await nodesOf(
        "volumes-writer-1",
        "volumes-reader-1",
        "volumes-other-1",
      );
      expect(reader).to.equal(writer);
      expect(other).to.not.equal(writer);
      await done(compose, "exec", "writer", "sh", "-c", "echo kept >/data/file");
      const again = await project("volumes", services("A=2"));
      await done(again, "up", "-d");
      expect(await done(again, "exec", "reader", "cat", "/data/file")).to.equal("kept");
    } finally {
      await done(compose, "down", "-v");
    }
    expect(await leftovers("volumes")).to.deep.equal([]);
  });

  it("that wants more of a host port than one node has is told what holds it there", async () => {
    const compose = await project("ports", { services: { web: { ...service, ports: ["8086:80"] } } });
    try {
      const { code, stderr } = await compose(["up", "-d", "--scale", "web=2"]);
      expect(code).to.not.equal(0);
      expect(stderr).to.match(
        /port: ruled out 1 of 3 nodes; nearest: node-\d \(port 8086 is held by ports-web-[12]\)/,
      );
      expect(stderr).to.match(/remedy: network ports_default is on node-\d only\. Make room there, /);
    } finally {
      await done(compose, "down", "-v");
    }
    expect(await leftovers("ports")).to.deep.equal([]);
  });

  it("with two services on different nodes that a third needs is told which", async () => {
    const on = (node: string) => ({
      ...service,
      network_mode: "bridge",
      environment: [`constraint:node==${node}`],
    });
    const compose = await project("apart", {
      services: {
        one: on("node-1"),
        two: on("node-2"),
        three: { ...service, network_mode: "service:one", volumes_from: ["two"] },
      },
    });
    try {
      const { code, stderr } = await compose(["up", "-d"]);
      expect(code).to.not.equal(0);
      expect(stderr).to.include(
        "conflict: --volumes-from=apart-two-1 is on node-2 only, --net=container:apart-one-1 is on node-1 only; no node has both. " +
          "Recreate apart-one-1 beside apart-two-1 with -e affinity:container==apart-two-1, ",
      );
    } finally {
      await done(compose, "down", "-v");
    }
    expect(await leftovers("apart")).to.deep.equal([]);
  });

  describe("whose network was made on a node before", () => {
    const networks = { default: { name: "node-3/homely", external: true } };
    before(() => succeed(manager().docker, ["network", "create", "node-3/homely"]));
    after(() => succeed(manager().docker, ["network", "rm", "node-3/homely"]));

    it("goes to that node", async () => {
      const web = { ...service, environment: ["constraint:node==node-3"] };
      const compose = await project("homely", { services: { web, db: service }, networks });
      try {
        await done(compose, "up", "-d");
        expect(await nodesOf("homely-web-1", "homely-db-1")).to.deep.equal(["node-3", "node-3"]);
        expect(await done(compose, "exec", "web", "ping", "-c", "1", "db")).to.include("1 packets received");
        await done(compose, "up", "-d", "--scale", "db=2");
      } finally {
        await done(compose, "down", "-v");
      }
      expect(await leftovers("homely")).to.deep.equal([]);
    });

    it("is told when a service may not run there", async () => {
      const web = { ...service, depends_on: ["db"], environment: ["constraint:node!=node-3"] };
      const compose = await project("torn", { services: { db: service, web }, networks });
      try {
        const { code, stderr } = await compose(["up", "-d"]);
        expect(code).to.not.equal(0);
        expect(stderr).to.match(
          /conflict: network (node-3\/)?homely is on node-3 only, constraint:node!=node-3 is on node-1 and node-2 only; no node has both\./,
        );
      } finally {
        await done(compose, "down", "-v");
      }
      expect(await leftovers("torn")).to.deep.equal([]);
    });
  });
});
