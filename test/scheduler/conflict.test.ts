import { expect } from "chai";
import type { Dependency, LocalNetwork, PlacementRequest } from "../../src/scheduler/types.ts";
import {
  candidate,
  container,
  frame,
  request,
  scheduler,
  SLOTS,
  used,
  type SchedulerParts,
} from "./builders.ts";

const link = (reference: string): Dependency => ({ kind: "link", raw: `${reference}:x`, reference });
const volumes = (reference: string): Dependency => ({ kind: "volumes-from", raw: reference, reference });
const network = (name: string, ...nodes: string[]): LocalNetwork => ({
  name,
  nodes: new Map(nodes.map((node) => [`${node}:2375`, node])),
});

const nodes = () => [
  candidate({ name: "n1", labels: { storage: "ssd" }, containers: [container("a", { id: "a" })] }),
  candidate({ name: "n2", containers: [container("b", { id: "b" })] }),
  candidate({
    name: "n3",
    containers: [container("c", { id: "c" })],
    usedPorts: [used("80/tcp", ":80", "c")],
  }),
];

function refusal(asked: Partial<PlacementRequest>, parts: SchedulerParts = {}) {
  const result = scheduler(parts).place(request(asked), nodes());
  if (result.kind === "placed") throw new Error(`placed on ${result.ranked[0].name}`);
  return result.refusal;
}

/** The last line, if it is about a conflict or a remedy. */
const advice = (asked: Partial<PlacementRequest>, parts: SchedulerParts = {}): string | undefined =>
  refusal(asked, parts).explanation.find((line) => /^(conflict|remedy):/.test(line));

describe("scheduler/conflict", () => {
  // prettier-ignore
  const conflicts: readonly { it: string; asks: Partial<PlacementRequest>; says: string }[] = [
    {
      it: "two containers on different nodes",
      asks: { dependencies: [link("a"), volumes("b")] },
      says: "conflict: --link=a:x is on n1 only, --volumes-from=b is on n2 only; no node has both. " +
        "Recreate b beside a with -e affinity:container==a, or both of them with -e constraint:node==n1.",
    },
    {
      it: "the first two that cannot meet, of three",
      asks: { dependencies: [link("a"), volumes("a"), link("c")] },
      says: "conflict: --link=a:x is on n1 only, --link=c:x is on n3 only; no node has both. " +
        "Recreate c beside a with -e affinity:container==a, or both of them with -e constraint:node==n1.",
    },
    {
      it: "a container and a hard constraint",
      asks: { dependencies: [link("b")], constraints: ["storage==ssd"] },
      says: "conflict: --link=b:x is on n2 only, constraint:storage==ssd is on n1 only; no node has both. " +
        "Recreate b with -e constraint:storage==ssd, or leave constraint:storage==ssd out.",
    },
    {
      it: "a container and an affinity",
      asks: { dependencies: [link("b")], affinities: ["container==c"] },
      says: "conflict: --link=b:x is on n2 only, affinity:container==c is on n3 only; no node has both. " +
        "Recreate b with -e affinity:container==c, or leave affinity:container==c out.",
    },
    {
      it: "a container and a network",
      asks: { dependencies: [link("a")], localNetworks: [network("back", "n2", "n3")] },
      says: "conflict: --link=a:x is on n1 only, network back is on n2 and n3 only; no node has both. " +
        "Recreate a with -e constraint:node==n2, make the network on n1 as well (docker network create n1/back), or use an overlay network.",
    },
    {
      it: "two networks",
      asks: { localNetworks: [network("n1/front", "n1"), network("back", "n2")] },
      says: "conflict: network n1/front is on n1 only, network back is on n2 only; no node has both. " +
        "Make both networks on one node (docker network create n1/back), or use overlay networks.",
    },
    {
      it: "a network and a constraint",
      asks: { localNetworks: [network("back", "n2")], constraints: ["storage==ssd"] },
      says: "conflict: network back is on n2 only, constraint:storage==ssd is on n1 only; no node has both. " +
        "Make the network where constraint:storage==ssd holds (docker network create n1/back), or use an overlay network.",
    },
  ];
  for (const { it: what, asks, says } of conflicts) {
    it(`names ${what}, and what to change`, () => {
      expect(advice(asks)).to.equal(says);
    });
  }

  it("calls a container that was given by its ID by its name", () => {
    const id = "b".repeat(64);
    const net: Dependency = { kind: "net", raw: `container:${id}`, reference: id };
    expect(advice({ dependencies: [link("a"), net] })).to.match(
      /^conflict: --link=a:x is on n1 only, --net=container:b is on n2 only; .* Recreate b beside a /,
    );
  });

  it("counts nodes instead of naming many", () => {
    const many = Array.from({ length: 20 }, (_, n) =>
      candidate({ name: `m${n}`, containers: [container("x")] }),
    );
    const result = scheduler().place(request({ dependencies: [link("x"), link("a")] }), [
      ...many,
      ...nodes(),
    ]);
    if (result.kind === "placed") throw new Error("placed");
    expect(result.refusal.explanation.at(-1)).to.include("--link=x:x is on 20 nodes only, ");
  });

  it("is told quickly of a request that needs and forbids thousands of things, on a thousand nodes", () => {
    const many = Array.from({ length: 1_000 }, (_, n) =>
      candidate({ name: `m${n}`, containers: [container(`c${n}`)] }),
    );
    const asked = request({
      dependencies: Array.from({ length: 20_000 }, (_, n) => link(`c${n}`)),
      constraints: Array.from({ length: 1_000 }, (_, n) => `node!=x${n}`),
    });
    const result = scheduler().place(asked, many);
    if (result.kind === "placed") throw new Error("placed");
    expect(result.refusal.explanation.at(-1)).to.match(
      /^conflict: --link=c0:x is on m0 only, --link=c1:x is on m1 only;/,
    );
  }).timeout(20_000);

  // prettier-ignore
  const silent: readonly { it: string; asks: Partial<PlacementRequest>; parts?: SchedulerParts }[] = [
    { it: "a container that does not exist",              asks: { dependencies: [link("nobody"), link("a")] } },
    { it: "two constraints that contradict each other",   asks: { constraints: ["node==n1", "node==n2"] } },
    { it: "a soft constraint",                            asks: { dependencies: [link("a")], constraints: ["node==~n2"], memoryBytes: 2 ** 50 } },
    { it: "a network, where nothing would fit elsewhere", asks: { localNetworks: [network("back", "n1")], memoryBytes: 2 ** 50 } },
    { it: "dependencies that do not count",               asks: { dependencies: [link("a"), link("b")], memoryBytes: 2 ** 50 }, parts: { filters: ["health"] } },
  ];
  for (const { it: what, asks, parts } of silent) {
    it(`says nothing of ${what}`, () => {
      expect(advice(asks, parts)).to.equal(undefined);
    });
  }
});

describe("scheduler, a network of single nodes", () => {
  const port80 = [{ containerPort: "80/tcp", hostIp: "", hostPort: "80" }];

  it("holds the container there", () => {
    for (const node of ["n1", "n2", "n3"]) {
      const result = scheduler().place(request({ localNetworks: [network("back", node)] }), nodes());
      expect(result.kind === "placed" && result.ranked.map(({ name }) => name)).to.deep.equal([node]);
    }
  });

  it("refuses it where there is no room, instead of letting it start in vain elsewhere", () => {
    const { message, explanation } = refusal({
      localNetworks: [network("back", "n3")],
      portBindings: port80,
      constraints: ["node==~n3"],
    });
    expect(message).to.equal(frame("[port 80 (Bridge mode)]", SLOTS, "[node==n3]"));
    expect(explanation).to.deep.equal([
      "port: ruled out 1 of 3 nodes; nearest: n3 (port 80 is held by c)",
      "network: ruled out 2 of 3 nodes; nearest: n1 (network back is on n3 only)",
      "remedy: network back is on n3 only. Make room there, make the network on another node as well " +
        "(docker network create NODE/back), or use an overlay network, which spans nodes.",
    ]);
  });
});
