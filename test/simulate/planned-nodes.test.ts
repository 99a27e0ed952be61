import { expect } from "chai";
import type { ContainerSeed } from "../../bench/fleet/index.ts";
import { engineVersions } from "../../src/simulate/engine-versions.ts";
import { generatedPlan, planOf } from "../../src/simulate/planned-nodes.ts";
import { cluster, container, node } from "./models.ts";

describe("simulate: a plan", () => {
  it("has every node and container of a group under its own name", () => {
    const { nodes } = planOf(
      cluster(
        node({ name: "web-{n}", count: 2, containers: [container({ name: "app-{node}-{n}", count: 2 })] }),
        node({ name: "db", containers: [container({ name: "pg" })] }),
      ),
    );
    const names = nodes.map(({ engine }) => [
      engine.name,
      ...(engine.containers as ContainerSeed[]).map(({ name }) => name),
    ]);
    expect(names).to.deep.equal([
      ["web-1", "app-web-1-1", "app-web-1-2"],
      ["web-2", "app-web-2-1", "app-web-2-2"],
      ["db", "pg"],
    ]);
    expect(nodes.map(({ containers }) => containers)).to.deep.equal([2, 2, 1]);
  });

  it("gives containers their limits, ports and network as an engine takes them", () => {
    const [planned] = planOf(
      cluster(
        node({
          containers: [
            container({
              memoryBytes: 7e6,
              memoryReservationBytes: 6.5e6,
              cpus: 1.5,
              network: "shop",
              ports: [{ hostIp: "127.0.0.1", hostPort: "8080", containerPort: "80/tcp" }],
            }),
          ],
        }),
      ),
    ).nodes;
    expect((planned!.engine.containers as ContainerSeed[])[0]!.hostConfig).to.deep.equal({
      PortBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }] },
      Memory: 7e6,
      MemoryReservation: 6.5e6,
      NanoCpus: 1_500_000_000,
      NetworkMode: "shop",
    });
  });

  it("has the networks of the file and those of containers, once, and none that engines have anyway", () => {
    const { networks } = planOf({
      networks: ["shop", "back"],
      nodes: [
        node({
          containers: ["shop", "", "host", "front", "bridge"].map((network, n) =>
            container({ name: `c${n}`, network }),
          ),
        }),
      ],
    });
    expect(networks).to.deep.equal(["shop", "back", "front"]);
  });

  // prettier-ignore
  const refused = [
    { it: "nodes of one name",      model: cluster(node(), node()),                                                 says: "several nodes are called node-1" },
    { it: "containers of one name", model: cluster(node({ containers: [container(), container()] })),               says: "several containers of node-1 are called web" },
    { it: "too many nodes",         model: cluster(node({ name: "a{n}", count: 9_000 }), node({ name: "b{n}", count: 1_001 })), says: "10001 nodes are too many: 10000 can be simulated" },
    { it: "too many containers",    model: cluster(node({ name: "a{n}", count: 10_000, containers: [container({ count: 31 })] })), says: "310000 containers are too many" },
  ];
  for (const { it: what, model, says } of refused) {
    it(`refuses ${what}`, () => expect(() => planOf(model)).to.throw(says));
  }

  it("of its own making is the same every time, with names unique in the cluster", () => {
    const { nodes } = generatedPlan(4, 30);
    expect(generatedPlan(4, 30)).to.deep.equal({ nodes, networks: [] });
    const names = nodes.flatMap(({ engine }) =>
      (engine.containers as ContainerSeed[]).map(({ name }) => name),
    );
    expect(new Set(names).size).to.equal(120);
    expect(nodes.every(({ engine }) => engine.anything === true)).to.equal(true);
  });
});

describe("simulate: engine versions", () => {
  // prettier-ignore
  const cases = [
    { release: "1.12.6",     api: "1.24", least: "1.12" },
    { release: "17.06.0-ce", api: "1.30", least: "1.12" },
    { release: "19.03.8",    api: "1.40", least: "1.12" },
    { release: "20.10",      api: "1.41", least: "1.12" },
    { release: "27.1.0",     api: "1.46", least: "1.24" },
    { release: "27.5.1",     api: "1.47", least: "1.24" },
    { release: "28.5.1",     api: "1.51", least: "1.24" },
    { release: "31.0.0",     api: "1.52", least: "1.44" },
  ];
  for (const { release, api, least } of cases) {
    it(`lets ${release} speak ${least} to ${api}`, () => {
      expect(engineVersions(release)).to.deep.equal({
        apiVersion: api,
        minApiVersion: least,
        serverVersion: release,
      });
    });
  }
});
