import { expect } from "chai";
import { mergedEndpoints } from "../../../src/api/views/network-endpoints.ts";
import { listNetworks } from "../../../src/api/views/network-list.ts";
import {
  bareEndpointName,
  groupNetworks,
  networkEndpoints,
  requireNetwork,
  resolveNetwork,
} from "../../../src/api/views/networks.ts";
import { container, exited, filters, network, node, refusal } from "./builders.ts";

const n1 = node();
const n2 = node({ name: "node-2", id: "K7BQ|127.0.0.1:5502", port: 5502 });
const id = (start: string): string => start.padEnd(64, "0");

const overlay = { Id: id("0e01"), Name: "over", Scope: "global", Driver: "overlay", Labels: { a: "1" } };
const all = [
  network(n1, { Id: id("b1"), Name: "bridge" }),
  network(n2, { Id: id("b2"), Name: "bridge" }),
  network(n1, { Id: id("c1"), Name: "mine", Labels: { a: "1", b: "2" } }),
  network(n1, overlay),
  network(n2, overlay),
  network(n2, { Id: id("d1"), Name: "/odd" }),
  network(node({ state: "Pending" }), { Id: id("e1"), Name: "unseen" }),
];
const groups = groupNetworks(all);

const attached = container({
  name: "web",
  summary: {
    NetworkSettings: {
      Networks: {
        over: {
          NetworkID: overlay.Id,
          EndpointID: "ep1",
          MacAddress: "02:42",
          IPAddress: "10.0.0.2",
          IPPrefixLen: 24,
          GlobalIPv6Address: "",
          GlobalIPv6PrefixLen: 0,
        },
      },
    },
  },
});
const stopped = container({
  name: "old",
  state: exited(),
  summary: { NetworkSettings: { Networks: { over: { NetworkID: overlay.Id, EndpointID: "" } } } },
});

describe("api/views/networks", () => {
  // prettier-ignore
  const references = [
    { reference: id("c1"),                    finds: "mine" },
    { reference: id("c1").slice(0, 12),       finds: "mine" },
    { reference: "mine",                      finds: "mine" },
    { reference: "node-1/mine",               finds: "mine" },
    { reference: "J6AP/mine",                 finds: "mine" },
    { reference: "J6AP|127.0.0.1:5501/mine",  finds: "mine" },
    { reference: "node-2/mine",               finds: "nothing" },
    { reference: "c1",                        finds: "mine" },
    { reference: "bridge",                    finds: "nothing" },
    { reference: "node-2/bridge",             finds: "bridge" },
    { reference: "b",                         finds: "nothing" },
    { reference: "over",                      finds: "over" },
    { reference: "node-2/over",               finds: "over" },
    { reference: "0e",                        finds: "over" },
    { reference: "odd",                       finds: "/odd" },
    { reference: "unseen",                    finds: "nothing" },
    { reference: "",                          finds: "nothing" },
    { reference: "/mine",                     finds: "nothing" },
  ];
  for (const { reference, finds } of references) {
    it(`finds ${finds} for "${reference}"`, () => {
      expect(resolveNetwork(groups, reference)?.network.Name ?? "nothing").to.equal(finds);
    });
  }

  it("knows every engine of a network that spans engines", () => {
    expect(requireNetwork(groups, "over").nodes.map(({ name }) => name)).to.deep.equal(["node-1", "node-2"]);
  });
  it("finds nothing for an empty reference, even where there is only one network", () => {
    expect(resolveNetwork(groupNetworks([network(n1)]), "")).to.equal(undefined);
  });
  it("answers 404 for a network that is not there", () => {
    expect(refusal(() => requireNetwork(groups, "zz"))).to.equal("404 No such network: zz");
  });
  it("keeps local networks of cloned machines apart", () => {
    const clones = [
      network(n1, { Id: id("b1"), Name: "bridge" }),
      network(n2, { Id: id("b1"), Name: "bridge" }),
    ];
    expect(groupNetworks(clones)).to.have.length(2);
    expect(resolveNetwork(groupNetworks(clones), "node-2/bridge")?.nodes[0].name).to.equal("node-2");
  });
  it("takes a prefix for an ID though cloned machines have it twice, and for none that has two", () => {
    const clones = [
      network(n1, { Id: id("b1"), Name: "bridge" }),
      network(n2, { Id: id("b1"), Name: "bridge" }),
      network(n2, { Id: id("b2"), Name: "other" }),
    ];
    const found = (reference: string) => resolveNetwork(groupNetworks(clones), reference)?.network.Name;
    expect([found("b1"), found("b2"), found("b")]).to.deep.equal(["bridge", "other", undefined]);
    expect([found("a"), found("c"), found(`${id("b1")}0`)]).to.deep.equal([undefined, undefined, undefined]);
  });

  // prettier-ignore
  const keys = [
    { key: "node-1/net",   is: "net" },
    { key: "node-9/net",   is: "node-9/net" },
    { key: "net",          is: "net" },
    { key: "/net",         is: "/net" },
  ];
  for (const { key, is } of keys) {
    it(`sends the endpoint key ${key} as ${is}`, () =>
      expect(bareEndpointName(key, (text) => text === "node-1")).to.equal(is));
  }

  it("knows who is attached, and that stopped containers are not", () => {
    expect([...networkEndpoints([attached, stopped])]).to.deep.equal([
      [
        overlay.Id,
        {
          [attached.summary.Id]: {
            Name: "web",
            EndpointID: "ep1",
            MacAddress: "02:42",
            IPv4Address: "10.0.0.2/24",
            IPv6Address: "",
          },
        },
      ],
    ]);
  });
});

describe("api/views/network-list", () => {
  const list = (wanted: Record<string, string[]> = {}, clientVersion = "1.40") =>
    listNetworks(groups, [attached, stopped], { filters: filters(wanted), clientVersion });
  const names = (wanted: Record<string, string[]> = {}): string =>
    list(wanted)
      .map(({ Name }) => Name)
      .join(" ");

  // prettier-ignore
  const cases: readonly { wanted: Record<string, string[]>; lists: string }[] = [
    { wanted: {},                                 lists: "node-1/bridge node-1/mine node-2//odd node-2/bridge over" },
    { wanted: { type: ["builtin"] },              lists: "node-1/bridge node-2/bridge" },
    { wanted: { type: ["custom"] },               lists: "node-1/mine node-2//odd over" },
    { wanted: { label: ["a=1"] },                 lists: "node-1/mine over" },
    { wanted: { label: ["a=1", "b"] },            lists: "node-1/mine" },
    { wanted: { driver: ["overlay"] },            lists: "over" },
    { wanted: { scope: ["local"], node: ["node-1"] }, lists: "node-1/bridge node-1/mine" },
    { wanted: { node: ["node-2"] },               lists: "node-2//odd node-2/bridge over" },
    { wanted: { node: ["node-1", "node-2"] },     lists: "node-1/bridge node-1/mine node-2//odd node-2/bridge over" },
    { wanted: { name: ["node-1/bridge"] },        lists: "node-1/bridge" },
    { wanted: { name: ["^m"] },                   lists: "node-1/mine" },
    { wanted: { name: ["idg"] },                  lists: "node-1/bridge node-2/bridge" },
    { wanted: { id: ["b"] },                      lists: "node-1/bridge node-2/bridge" },
    { wanted: { id: ["zz"] },                     lists: "" },
    { wanted: { dangling: ["true"] },             lists: "node-1/mine node-2//odd" },
    { wanted: { dangling: ["0"] },                lists: "node-1/bridge node-2/bridge over" },
    { wanted: { odd: ["x"] },                     lists: "node-1/bridge node-1/mine node-2//odd node-2/bridge over" },
  ];
  for (const { wanted, lists } of cases) {
    it(`lists ${lists === "" ? "nothing" : lists} for ${JSON.stringify(wanted)}`, () => {
      expect(names(wanted)).to.equal(lists);
    });
  }

  it("shows the containers of a network", () => {
    const [over] = list({ name: ["over"] });
    expect(Object.keys(over?.Containers as object)).to.deep.equal([attached.summary.Id]);
  });
  it("refuses what an engine would refuse", () => {
    expect(refusal(() => list({ type: ["x"] }))).to.equal("400 Invalid filter: 'type'='x'");
    expect(refusal(() => list({ dangling: ["x"] }))).to.equal("400 Invalid filter 'dangling=x'");
    expect(refusal(() => list({ odd: ["x"] }, "1.41"))).to.equal("400 Invalid filter 'odd'");
  });

  describe("what several engines say of a network's containers", () => {
    const [web, db] = [
      { Name: "web", EndpointID: "e1" },
      { Name: "db", EndpointID: "e2" },
    ];
    // prettier-ignore
    const cases = [
      { it: "is brought together",                             given: [{ c1: web }, { c2: db }],                       told: { c1: web, c2: db } },
      { it: "names an endpoint by its container where it can", given: [{ c1: web, "ep-e2": db }, { "ep-e1": web, c2: db }], told: { c1: web, c2: db } },
      { it: "keeps one whose engine says nothing",             given: [{ "ep-e1": web }, { "ep-e1": web }],            told: { "ep-e1": web } },
      { it: "leaves out what is not attached",                 given: [{ c1: web, c3: { Name: "old", EndpointID: "" } }], told: { c1: web } },
      { it: "is nothing when nothing of use is said",          given: [null, undefined, 7, { c1: null, c2: 1 }],       told: {} },
    ];
    for (const { it: title, given, told } of cases) {
      it(title, () => expect(mergedEndpoints(given)).to.deep.equal(told));
    }
  });
});
