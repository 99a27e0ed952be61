import { expect } from "chai";
import { clusterText } from "../../src/simulate/file/cluster-text.ts";
import { ClusterFileError, parseCluster } from "../../src/simulate/file/parse-cluster.ts";
import type { ClusterModel } from "../../src/simulate/types.ts";
import { seeded } from "../support/seeded.ts";
import { cluster, container, node } from "./models.ts";

const FULL = `
networks: [shop]
nodes:
  - name: web-{n}
    count: 20
    cpus: 16
    memory: 64GiB
    version: 28.5.1
    labels: { region: us-east, generation: 1.10, flag: yes, empty: "" }
    system: { operatingsystem: Debian 12, kernelversion: "6.1", storagedriver: overlay2 }
    availability: pause
    containers:
      - name: app-{node}-{n}
        count: 3
        image: nginx:1.27
        labels: { tier: web }
        memory: 256MiB
        memory-reservation: 128m
        cpus: 0.5
        ports: ["8080-8090:80", "53/udp"]
        state: paused
        network: shop
`;

describe("simulate/file: a cluster file", () => {
  it("is read with all its keys, numbers and words of labels as they are written", () => {
    expect(parseCluster(FULL, "cluster.yaml")).to.deep.equal({
      networks: ["shop"],
      nodes: [
        {
          name: "web-{n}",
          count: 20,
          cpus: 16,
          memoryBytes: 64 * 1024 ** 3,
          version: "28.5.1",
          labels: { region: "us-east", generation: "1.10", flag: "yes", empty: "" },
          system: { operatingSystem: "Debian 12", kernelVersion: "6.1", storageDriver: "overlay2" },
          availability: "pause",
          containers: [
            container({
              name: "app-{node}-{n}",
              count: 3,
              image: "nginx:1.27",
              labels: { tier: "web" },
              memoryBytes: 256 * 1024 ** 2,
              memoryReservationBytes: 128 * 1024 ** 2,
              cpus: 0.5,
              ports: [
                { hostIp: "", hostPort: "8080-8090", containerPort: "80/tcp" },
                { hostIp: "", hostPort: "", containerPort: "53/udp" },
              ],
              state: "paused",
              network: "shop",
            }),
          ],
        },
      ],
    });
  });

  it("needs little: what is not said has a default", () => {
    expect(parseCluster("nodes: [{ name: a, labels:, containers: }, { count: 2 }]", "c")).to.deep.equal(
      cluster(node({ name: "a" }), node({ name: "node-{n}", count: 2 })),
    );
  });

  it("takes 20.10 for the version it is", () => {
    expect(parseCluster("nodes: [{ name: a, version: 20.10 }]", "c").nodes[0]?.version).to.equal("20.10");
  });

  it("may use anchors and merged mappings, and may be JSON", () => {
    const anchored = "nodes:\n  - &base { name: a, cpus: 8 }\n  - { <<: *base, name: b }\n";
    expect(parseCluster(anchored, "c")).to.deep.equal(
      cluster(node({ name: "a", cpus: 8 }), node({ name: "b", cpus: 8 })),
    );
    expect(parseCluster('{"nodes": [{"name": "a", "cpus": 2}]}', "c")).to.deep.equal(
      cluster(node({ name: "a", cpus: 2 })),
    );
  });

  const inNode = (line: string): string => `nodes:\n  - name: a\n    ${line}\n`;
  const inContainer = (line: string): string =>
    `nodes:\n  - name: a\n    containers:\n      - name: web\n        ${line}\n`;
  // prettier-ignore
  const faults = [
    { it: "a text that is no YAML",        text: "nodes: [1\nb: 2",                     says: /^c\.yaml:2: Flow sequence/ },
    { it: "a key that is there twice",     text: "nodes: []\nnodes: []",                says: /^c\.yaml:2: Map keys must be unique/ },
    { it: "an empty file",                 text: "",                                    says: /^c\.yaml:1: the file should be a mapping with the keys nodes, networks$/ },
    { it: "a list",                        text: "- a",                                 says: /the file should be a mapping/ },
    { it: "no nodes",                      text: "networks: [a]",                       says: /nodes should have at least one entry/ },
    { it: "nodes that are no list",        text: "nodes: 3",                            says: /^c\.yaml:1: nodes should be a list/ },
    { it: "a node that is no mapping",     text: "nodes:\n  - a",                       says: /^c\.yaml:2: nodes\[0\] should be a mapping with the keys name, count,/ },
    { it: "an unknown key of the file",    text: "nodes: [{name: a}]\nvolumes: []",     says: /^c\.yaml:2: volumes is not known here: there are nodes, networks$/ },
    { it: "an unknown key of a node",      text: inNode("cpu: 3"),                      says: /^c\.yaml:3: nodes\[0\]\.cpu is not known here: there are name, count, cpus/ },
    { it: "an unknown key of a container", text: inContainer("env: [A=b]"),             says: /^c\.yaml:5: nodes\[0\]\.containers\[0\]\.env is not known here/ },
    { it: "an unknown key of the system",  text: inNode("system: { os: x }"),           says: /nodes\[0\]\.system\.os is not known here: there are operatingsystem,/ },
    { it: "a node without a name",         text: "nodes:\n  - cpus: 3",                 says: /^c\.yaml:2: nodes\[0\]\.name is missing/ },
    { it: "a node's name that is none",    text: "nodes:\n  - name: a b",               says: /nodes\[0\]\.name should be letters, digits/ },
    { it: "many nodes of one name",        text: "nodes:\n  - name: a\n    count: 2",   says: /^c\.yaml:2: nodes\[0\]\.name should have \{n\} in it, for the number of each of the 2 nodes/ },
    { it: "a count that is no number",     text: inNode("count: many"),                 says: /^c\.yaml:3: nodes\[0\]\.count should be a whole number from 1 to 10000, "many" is not/ },
    { it: "no nodes of a kind",            text: inNode("count: 0"),                    says: /nodes\[0\]\.count should be a whole number from 1/ },
    { it: "too many nodes",                text: inNode("count: 10001"),                says: /nodes\[0\]\.count should be a whole number from 1 to 10000/ },
    { it: "half a CPU of a node",          text: inNode("cpus: 0.5"),                   says: /nodes\[0\]\.cpus should be a whole number from 1 to 4096, "0.5" is not/ },
    { it: "memory that is no amount",      text: inNode("memory: lots"),                says: /nodes\[0\]\.memory should be an amount of at least 16MiB such as 64GiB, "lots" is not/ },
    { it: "too little memory",             text: inNode("memory: 1MiB"),                says: /nodes\[0\]\.memory should be an amount of at least 16MiB/ },
    { it: "a version that is none",        text: inNode("version: latest"),             says: /nodes\[0\]\.version should be a version such as 28\.5\.1, "latest" is not/ },
    { it: "an unknown availability",       text: inNode("availability: off"),           says: /nodes\[0\]\.availability should be one of active, pause, drain, "off" is not/ },
    { it: "labels that are a list",        text: inNode("labels: [a=b]"),               says: /nodes\[0\]\.labels should be a mapping of texts/ },
    { it: "a label that is a list",        text: inNode("labels: { a: [b] }"),          says: /nodes\[0\]\.labels\.a should be a text/ },
    { it: "a text that is a mapping",      text: inNode("version: { a: b }"),           says: /nodes\[0\]\.version should be a text/ },
    { it: "a network that is none",        text: "nodes: [{name: a}]\nnetworks: [a/b]", says: /^c\.yaml:2: networks\[0\] should be a network's name, "a\/b" is not/ },
    { it: "a container without a name",    text: "nodes: [{name: a, containers: [{count: 1}]}]", says: /nodes\[0\]\.containers\[0\]\.name is missing/ },
    { it: "a container's name that is none", text: "nodes: [{name: a, containers: [{name: _a}]}]", says: /containers\[0\]\.name should be letters, digits/ },
    { it: "many containers of one name",   text: inContainer("count: 3"),               says: /^c\.yaml:4: nodes\[0\]\.containers\[0\]\.name should have \{n\} in it, for the number of each of the 3 containers/ },
    { it: "one name on many nodes",        text: "nodes: [{name: 'a{n}', count: 2, containers: [{name: web}]}]", says: /name should have \{node\} in it: names are unique in a cluster, and 2 nodes have it/ },
    { it: "an image with a blank",         text: inContainer("image: a b"),             says: /image should be the name of an image, "a b" is not/ },
    { it: "a limit below the engine's",    text: inContainer("memory: 1m"),             says: /memory should be an amount of at least 6MiB such as 512MiB, "1m" is not/ },
    { it: "a reservation that is none",    text: inContainer("memory-reservation: x"),  says: /memory-reservation should be an amount/ },
    { it: "CPUs that are no number",       text: inContainer("cpus: -1"),               says: /cpus should be a number of CPUs such as 0\.5, "-1" is not/ },
    { it: "a port that is none",           text: inContainer("ports: ['80:x']"),        says: /^c\.yaml:5: nodes\[0\]\.containers\[0\]\.ports\[0\] should be a port as docker run -p takes it: "8080:80", "80:x" is not/ },
    { it: "ports that are no list",        text: inContainer("ports: 80:80"),           says: /ports should be a list/ },
    { it: "one host port for many",        text: "nodes: [{name: a, containers: [{name: 'w{n}', count: 2, ports: ['80', '80:80']}]}]", says: /ports\[1\] cannot be the port of 2 containers of one node: give a range/ },
    { it: "an unknown state",              text: inContainer("state: dead"),            says: /state should be one of running, created, paused, exited, "dead" is not/ },
    { it: "an exit code beyond a byte",    text: inContainer("exit-code: 256"),         says: /exit-code should be a whole number from 0 to 255/ },
    { it: "another container's network",   text: inContainer("network: container:a"),   says: /network should be a network's name or host, none, bridge/ },
  ];
  for (const { it: what, text, says } of faults) {
    it(`names the line and key of ${what}`, () => {
      expect(() => parseCluster(text, "c.yaml")).to.throw(ClusterFileError, says);
    });
  }

  it("says where a value is used that an anchor brought", () => {
    const text = "nodes:\n  - &base { name: a, cpus: 8 }\n  - name: b\n    containers: *base\n";
    expect(() => parseCluster(text, "c")).to.throw(/^c:4: nodes\[1\]\.containers should be a list/);
  });

  it("refuses a small text that anchors make a large one", () => {
    const letters = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const lines = letters.map((name, index) => {
      const inner = index === 0 ? "x" : `*${letters[index - 1]!}`;
      return `${name}: &${name} [${Array.from({ length: 10 }, () => inner).join(", ")}]`;
    });
    expect(() => parseCluster(lines.join("\n"), "c")).to.throw(ClusterFileError, /^c: Excessive alias count/);
  });

  it("is written so that it is read again as it was", () => {
    const random = seeded(11);
    const texts = ["", "a", "a: b", '"quoted"', "#x", "yes", "1.10", "{n}", "two\nlines", "ü", "*a", "&b"];
    const any = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
    for (let round = 0; round < 60; round++) {
      const model: ClusterModel = {
        networks: random() < 0.5 ? [] : ["shop", "back"],
        nodes: Array.from({ length: 1 + Math.floor(random() * 3) }, (_, index) =>
          node({
            name: `node-${index}-{n}`,
            count: 1 + Math.floor(random() * 3),
            cpus: 1 + Math.floor(random() * 64),
            memoryBytes: 1024 ** 3 + Math.floor(random() * 5),
            labels: random() < 0.3 ? {} : { [any(texts) || "k"]: any(texts) },
            version: any(["", "20.10", "28.5.1"]),
            system: {
              operatingSystem: any(["", "Debian 12: x"]),
              kernelVersion: any(["", "6.10"]),
              storageDriver: "",
            },
            availability: any(["active", "pause", "drain"]),
            containers: Array.from({ length: Math.floor(random() * 3) }, (__, slot) =>
              container({
                name: `c-${slot}-{node}-{n}`,
                count: Math.floor(random() * 3) + 1,
                image: any(["busybox", "r:5000/a/b@sha256:12"]),
                labels: random() < 0.3 ? {} : { [any(texts) || "k"]: any(texts) },
                memoryBytes: any([0, 6 * 1024 ** 2, 123_456_789]),
                memoryReservationBytes: any([0, 7 * 1024 ** 2]),
                cpus: any([0, 0.5, 2]),
                ports: any([[], [{ hostIp: "::1", hostPort: "", containerPort: "80/udp" }]]),
                state: any(["running", "created", "paused", "exited"]),
                exitCode: any([0, 3]),
                network: any(["", "shop", "host"]),
              }),
            ),
          }),
        ),
      };
      const text = clusterText(model, ["about\nit"]);
      expect(parseCluster(text, "c"), text).to.deep.equal(model);
    }
  });
});
