import { expect } from "chai";
import { MAX_STAYS } from "../../../src/reschedule/rebalance/plan-types.ts";
import { GiB } from "../../scheduler/builders.ts";
import { container, counts, node, plain, planned, shown, staying } from "./builders.ts";

describe("reschedule/rebalance: spread", () => {
  it("evens the number of containers, from the fullest node to the emptiest", () => {
    const result = planned([node("n1", plain("a", 6)), node("n2", plain("b", 2)), node("n3")]);
    expect(shown(result)).to.deep.equal(["a-1 n1>n3", "a-2 n1>n3", "a-3 n1>n2"]);
    expect(counts(result)).to.equal("n1:3 n2:3 n3:2");
    expect(result.before.spread).to.be.greaterThan(2);
    expect(result.after.spread).to.be.lessThan(0.5);
  });

  it("moves nothing between nodes that differ by one", () => {
    expect(shown(planned([node("n1", plain("a", 3)), node("n2", plain("b", 2))]))).to.deep.equal([]);
  });

  it("weighs reserved memory and CPUs: the container that evens most goes first", () => {
    const result = planned([
      node("n1", [
        container("small"),
        container("large", { memory: 2 * GiB }),
        container("half", { memory: GiB }),
      ]),
      node("n2"),
    ]);
    expect(shown(result)).to.deep.equal(["large n1>n2"]);
  });

  it("makes no more moves than asked", () => {
    expect(shown(planned([node("n1", plain("a", 9)), node("n2")], { max: 2 }))).to.have.length(2);
  });

  it("gives the same plan whatever the order of nodes and containers", () => {
    const nodes = () => [node("n1", plain("a", 7)), node("n2", plain("b", 3)), node("n3"), node("n4")];
    const [n1, ...others] = nodes();
    const turned = [...others.reverse(), node("n1", [...n1!.containers].reverse())];
    expect(shown(planned(turned))).to.deep.equal(shown(planned(nodes())));
    expect(shown(planned(nodes()))).to.have.length(4);
  });

  it("leaves containers that cannot be moved, and says why", () => {
    const result = planned([
      node("n1", [...plain("a", 3, { obstacle: "no policy" }), container("web")]),
      node("n2"),
    ]);
    expect(shown(result)).to.deep.equal(["web n1>n2"]);
    expect(staying(result)).to.include("a-1: no policy");
  });

  it("honours constraints, ports and slots of the node it moves to", () => {
    const bound = plain("bound", 2, { request: { constraints: ["storage==ssd"] } });
    const web = container("web", { ports: ["80"] });
    const full = node("n3", [], { labels: { containerslots: "0" } });
    const result = planned([
      node("n1", [...bound, web, ...plain("a", 3)]),
      node("n2", [container("other", { ports: ["80"] })]),
      full,
    ]);
    expect(shown(result)).to.deep.equal(["a-1 n1>n2", "a-2 n1>n2"]);
    expect(counts(result)).to.equal("n1:4 n2:3 n3:0");
  });

  it("says of what would be moved but fits nowhere that no node takes it", () => {
    const bound = plain("bound", 3, { request: { constraints: ["storage==ssd"] } });
    const result = planned([node("n1", bound, { labels: { storage: "ssd" } }), node("n2")]);
    expect(staying(result)).to.deep.equal(["bound-1: no node with less load takes it"]);
  });

  it("gives one host port of a node to one container only, also when another one leaves it", () => {
    const web = (name: string) => container(name, { ports: ["80"] });
    const fixed = (prefix: string, count: number) => plain(prefix, count, { obstacle: "no" });
    const both = [node("n1", [web("w1"), ...fixed("a", 5)]), node("n2", [web("w2"), ...fixed("b", 5)])];
    expect(shown(planned([...both, node("n3")]))).to.deep.equal(["w2 n2>n3"]);
    expect(shown(planned([...both, node("n3"), node("n4")]))).to.deep.equal(["w2 n2>n3", "w1 n1>n4"]);
    // When all is done the port of n2 is free, but not before.
    const bound = container("w1", { ports: ["80"], request: { constraints: ["node!=n3"] } });
    const heavy = container("w2", { ports: ["80"], memory: 2 * GiB });
    const leaving = [
      node("n1", [bound, ...fixed("a", 8)]),
      node("n2", [heavy, ...fixed("b", 5)]),
      node("n3"),
    ];
    expect(shown(planned(leaving))).to.deep.equal(["w2 n2>n3"]);
    const portless = [node("n1", [container("w1"), ...fixed("a", 8)]), ...leaving.slice(1)];
    expect(shown(planned(portless))).to.deep.equal(["w2 n2>n3", "w1 n1>n2"]);
  });

  it("counts both copies against the memory of a node, since both exist for a while", () => {
    const large = (name: string) => container(name, { memory: 3 * GiB });
    const result = planned([
      node("n1", [large("x"), large("y")], { memory: 8 * GiB }),
      node("n2", [container("z", { memory: 2 * GiB })]),
    ]);
    expect(shown(result)).to.deep.equal([]);
  });

  it("leaves nobody without the container it wants to be with", () => {
    const db = container("db", { memory: GiB });
    const web = container("web", { request: { affinities: ["container==db"] } });
    const result = planned([node("n1", [db, web, ...plain("a", 4)]), node("n2")]);
    expect(shown(result)).to.deep.equal(["a-1 n1>n2", "a-2 n1>n2", "a-3 n1>n2", "a-4 n1>n2"]);
  });

  it("takes nobody to a container that wants to be without it", () => {
    const shy = container("shy", { request: { affinities: ["container!=a-*"] } });
    const result = planned([node("n1", plain("a", 4)), node("n2", [shy]), node("n3", plain("c", 2))]);
    expect(shown(result)).to.deep.equal(["a-1 n1>n3", "c-1 n3>n2"]);
  });

  it("follows no container that is about to leave", () => {
    const idol = container("idol", { memory: 2 * GiB });
    const request = { affinities: ["container==idol"], constraints: ["node!=n3"] };
    const result = planned([
      node("n1", [container("fan", { request }), ...plain("a", 80, { obstacle: "no" })]),
      node("n2", [idol, container("rest", { memory: 2 * GiB, obstacle: "no" })]),
      node("n3"),
    ]);
    expect(shown(result)).to.deep.equal(["idol n2>n3"]);
  });

  it("moves no container twice", () => {
    const result = planned([node("n1", plain("a", 20)), node("n2", plain("b", 10)), node("n3")]);
    expect(new Set(result.moves.map(({ container: { id } }) => id)).size).to.equal(result.moves.length);
  });

  it("lists a bounded number of containers that stay", () => {
    const result = planned([node("n1", plain("a", 500, { obstacle: "no policy" })), node("n2")]);
    expect(result.stays).to.have.length(MAX_STAYS);
  });

  it("has nothing to do without nodes", () => {
    expect(planned([])).to.deep.equal({
      before: { spread: 0, nodes: [] },
      after: { spread: 0, nodes: [] },
      moves: [],
      stays: [],
    });
  });
});

describe("reschedule/rebalance: binpack", () => {
  const binpack = { strategy: "binpack" } as const;

  it("empties the emptiest nodes into the fullest that has room", () => {
    const gib = (prefix: string, count: number) => plain(prefix, count, { memory: GiB });
    const result = planned(
      [node("n1", gib("a", 3)), node("n2", gib("b", 2)), node("n3", gib("c", 1))],
      binpack,
    );
    expect(shown(result)).to.deep.equal(["c-1 n3>n1"]);
    expect(counts(result)).to.equal("n1:4 n2:2 n3:0");
  });

  it("moves nothing off a node that cannot be emptied as a whole", () => {
    const n3 = node("n3", [container("c"), container("fixed", { obstacle: "no policy" })]);
    const result = planned([node("n1", plain("a", 5, { obstacle: "no" })), n3], binpack);
    expect(shown(result)).to.deep.equal([]);
    expect(staying(result)).to.deep.equal([
      "fixed: no policy",
      ...plain("a", 5).map(({ names }) => `${names[0]}: no`),
    ]);
  });

  it("takes its moves back when the last container of a node fits nowhere", () => {
    const bound = container("bound", { request: { constraints: ["node==n3"] } });
    const result = planned(
      [node("n1", plain("a", 5, { obstacle: "no" })), node("n3", [container("c", { memory: GiB }), bound])],
      binpack,
    );
    expect(shown(result)).to.deep.equal([]);
    expect(counts(result)).to.equal("n1:5 n3:2");
    expect(staying(result)).to.include("bound: no other node takes it");
  });

  it("begins to empty no node that takes more moves than asked", () => {
    const result = planned([node("n1", plain("a", 9)), node("n2", plain("b", 4))], { ...binpack, max: 3 });
    expect(shown(result)).to.deep.equal([]);
    expect(staying(result)[0]).to.equal("b-1: emptying n2 takes 4 moves, and 3 may be made");
  });

  it("fills no node it has emptied, and empties none it has filled", () => {
    const result = planned(
      [node("n1", plain("a", 3)), node("n2", plain("b", 2)), node("n3", plain("c", 1))],
      binpack,
    );
    expect(counts(result)).to.equal("n1:6 n2:0 n3:0");
    expect(staying(result)).to.deep.equal([]);
  });
});

describe("reschedule/rebalance: random", () => {
  it("is content with everything", () => {
    expect(shown(planned([node("n1", plain("a", 9)), node("n2")], { strategy: "random" }))).to.deep.equal([]);
  });
});
