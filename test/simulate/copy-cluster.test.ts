import { expect } from "chai";
import { withOvercommit } from "../../src/scheduler/resources.ts";
import { copyCluster, NotAManagerError, type CopyAnswer } from "../../src/simulate/copy/copy-cluster.ts";
import { infoNodes } from "../../src/simulate/copy/info-nodes.ts";
import { cluster, container, node } from "./models.ts";

/** A node's rows as the original writes them. */
const rows = (name: string, more: Readonly<Record<string, string>> = {}): [string, string][] => [
  [` ${name}`, `10.0.0.${name.slice(-1)}:2375`],
  ...Object.entries({
    ID: `AAAA:${name}`,
    Status: "Healthy",
    Containers: "2 (1 Running, 0 Paused, 1 Stopped)",
    "Reserved CPUs": "1 / 4",
    "Reserved Memory": "512 MiB / 8.4 GiB",
    Labels:
      "kernelversion=6.1, operatingsystem=Debian 12, ostype=linux, region=us-east, storagedriver=overlay2",
    UpdatedAt: "2026-11-21T17:00:00Z",
    ServerVersion: "20.10.24",
    ...more,
  }).map(([key, value]): [string, string] => [`  └ ${key}`, value]),
];

const info = (...nodes: [string, string][][]): object => ({
  SystemStatus: [
    ["Role", "primary"],
    ["Strategy", "spread"],
    ["Filters", "health"],
    ["Nodes", "1"],
    ...nodes.flat(),
  ],
});

const inspected = {
  State: { Status: "running", ExitCode: 0 },
  Config: {
    Image: "nginx",
    Labels: { tier: "web" },
    Env: ["TOKEN=hidden"],
    Cmd: ["serve", "--password=hidden"],
  },
  HostConfig: {
    Memory: 64 * 1024 ** 2,
    CpuShares: 512,
    NetworkMode: "shop",
    PortBindings: {
      "80/tcp": [{ HostIp: "", HostPort: "8080" }],
      "53/udp": [{ HostIp: "::1", HostPort: "0" }],
    },
    Binds: ["/etc:/etc"],
  },
};

/** A manager that answers so; everything else is 404. */
function source(answers: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const get = (path: string): Promise<CopyAnswer> => {
    asked.push(path);
    const answer = answers[path];
    if (typeof answer === "number") return Promise.resolve({ status: answer, message: `no ${path}` });
    return Promise.resolve(answer === undefined ? { status: 404 } : { status: 200, body: answer });
  };
  return { asked, get };
}

const listed = (Id: string, ...Names: string[]) => ({
  Id,
  Names,
  Image: "redis",
  Labels: { a: "b" },
  State: "exited",
});

describe("simulate/copy: a manager's info", () => {
  it("is read as the original writes it", () => {
    expect(infoNodes(info(rows("node-1")))).to.deep.equal(
      [
        {
          name: "node-1",
          addr: "10.0.0.1:2375",
          status: "Healthy",
          availability: "",
          cpus: 4,
          memoryBytes: 8.4 * 1024 ** 3 - 0.4,
          labels: {
            kernelversion: "6.1",
            operatingsystem: "Debian 12",
            ostype: "linux",
            region: "us-east",
            storagedriver: "overlay2",
          },
          serverVersion: "20.10.24",
        },
      ].map((each) => ({ ...each, memoryBytes: Math.round(8.4 * 1024 ** 3) })),
    );
  });

  it("keeps a label whose value looks like the end of one", () => {
    const [only] = infoNodes(info(rows("node-1", { Labels: "rack=a, b, c=d, e" }))) ?? [];
    expect(only?.labels).to.deep.equal({ rack: "a, b", c: "d, e" });
  });

  it("of an engine has no nodes", () => {
    expect(infoNodes({ SystemStatus: null, Name: "engine" })).to.equal(undefined);
    expect(infoNodes(undefined)).to.equal(undefined);
  });
});

describe("simulate/copy: a copied cluster", () => {
  it("has nodes and containers with what placement needs, and nothing that may be secret", async () => {
    const manager = source({
      "/info": info(rows("node-1", { Availability: "pause" })),
      "/containers/json?all=1": [listed("c1", "/node-1/cache/alias", "/node-1/web")],
      "/containers/c1/json": inspected,
    });
    const { model } = await copyCluster(manager);
    expect(model).to.deep.equal(
      cluster(
        node({
          cpus: 4,
          memoryBytes: model.nodes[0]!.memoryBytes,
          labels: { region: "us-east" },
          version: "20.10.24",
          system: { operatingSystem: "Debian 12", kernelVersion: "6.1", storageDriver: "overlay2" },
          availability: "pause",
          containers: [
            container({
              name: "web",
              image: "nginx",
              labels: { tier: "web" },
              memoryBytes: 64 * 1024 ** 2,
              cpus: 2,
              network: "shop",
              ports: [
                { hostIp: "", hostPort: "8080", containerPort: "80/tcp" },
                { hostIp: "::1", hostPort: "", containerPort: "53/udp" },
              ],
            }),
          ],
        }),
      ),
    );
    expect(JSON.stringify(model)).to.not.include("hidden");
    expect(manager.asked).to.have.members([
      "/info",
      "/cluster/nodes",
      "/containers/json?all=1",
      "/containers/c1/json",
    ]);
  });

  it("takes labels from the operator's list where there is one", async () => {
    const Labels = { region: "eu", added: "later, c=d" };
    const { model } = await copyCluster(
      source({
        "/info": info(rows("node-1"), rows("node-2")),
        "/cluster/nodes": [
          { Addr: "10.0.0.1:2375", Labels, EngineLabels: { region: "us-east", kernelversion: "6.1" } },
        ],
        "/containers/json?all=1": [],
      }),
    );
    expect(model.nodes.map(({ labels }) => labels)).to.deep.equal([Labels, { region: "us-east" }]);
  });

  it("finds the size of machines below what the manager promises of them", async () => {
    for (const overcommit of [0, 0.05, 0.29, 1, -0.1]) {
      for (let cpus = 1; cpus <= 300; cpus++) {
        const shown = withOvercommit(cpus, overcommit);
        if (shown === withOvercommit(cpus - 1, overcommit)) continue; // of two that show the same, it takes the smaller
        const answers = {
          "/info": info(rows("node-1", { "Reserved CPUs": `0 / ${shown}` })),
          "/containers/json?all=1": [],
        };
        const { model } = await copyCluster(source(answers), { overcommit });
        expect(model.nodes[0]?.cpus, `${shown} with ${overcommit}`).to.equal(cpus);
      }
    }
  });

  it("leaves out what it cannot know, and says so", async () => {
    const { model, notes } = await copyCluster(
      source({
        "/info": info(rows("node-1"), rows("node-2", { "Reserved CPUs": "0 / 0" })),
        "/cluster/nodes": 403,
        "/containers/json?all=1": [
          listed("gone", "/node-1/gone"),
          listed("far", "/node-2/far"),
          listed("down", "/node-1/down"),
        ],
        "/containers/down/json": 500,
      }),
    );
    expect(model.nodes.map(({ name, containers }) => ({ name, containers }))).to.deep.equal([
      {
        name: "node-1",
        containers: [container({ name: "down", image: "redis", labels: { a: "b" }, state: "exited" })],
      },
    ]);
    expect(notes.slice(0, 3)).to.deep.equal([
      "1 nodes are left out: the manager does not know their size, or their name twice",
      "2 containers are left out: their node is, or they were removed meanwhile",
      "1 containers are copied without their limits and ports: their node did not tell",
    ]);
  });

  // prettier-ignore
  const states = [
    { wire: "running", is: "running" }, { wire: "restarting", is: "running" }, { wire: "paused", is: "paused" },
    { wire: "created", is: "created" }, { wire: "exited", is: "exited" },      { wire: "dead", is: "exited" },
  ];
  for (const { wire, is } of states) {
    it(`has a ${wire} container as ${is}`, async () => {
      const { model } = await copyCluster(
        source({
          "/info": info(rows("node-1")),
          "/containers/json?all=1": [listed("c1", "/node-1/web")],
          "/containers/c1/json": {
            State: { Status: wire, ExitCode: 3 },
            HostConfig: { NanoCpus: 5e8, NetworkMode: "container:abc" },
          },
        }),
      );
      expect(model.nodes[0]?.containers).to.deep.equal([
        container({ state: is as "running", exitCode: 3, cpus: 0.5 }),
      ]);
    });
  }

  it("asks for so many containers at a time, and no more once it is stopped", async () => {
    const stop = new AbortController();
    const containers = Array.from({ length: 30 }, (_, n) => listed(`c${n}`, `/node-1/c${n}`));
    const lists = source({ "/info": info(rows("node-1")), "/containers/json?all=1": containers });
    let [open, most] = [0, 0];
    const get = async (path: string): Promise<CopyAnswer> => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
      return /\/c\d+\/json/.test(path) ? { status: 200, body: inspected } : lists.get(path);
    };
    const seen: number[] = [];
    const copying = copyCluster(
      { get },
      {
        parallel: 3,
        signal: stop.signal,
        onProgress: (read) => {
          if (seen.push(read) === 9) stop.abort();
        },
      },
    );
    const failed = await copying.catch((error: unknown) => error);
    expect([most, (failed as Error).name]).to.deep.equal([3, "AbortError"]);
    expect(seen.length).to.be.below(13);
  });

  it("needs a manager that shows its lists", async () => {
    const engine = await copyCluster(source({ "/info": { SystemStatus: null } })).catch(
      (error: unknown) => error,
    );
    expect(engine).to.be.instanceOf(NotAManagerError);
    const refused = await copyCluster(source({ "/info": 403 })).catch((error: unknown) => error);
    expect((refused as Error).message).to.equal("GET /info: no /info");
  });
});
