import { expect } from "chai";
import { listVolumes, nodesOf, requireVolume, resolveVolume } from "../../../src/api/views/volumes.ts";
import type { VolumeView } from "../../../src/api/views/types.ts";
import { container, filters, node, refusal } from "./builders.ts";

const n1 = node();
const n2 = node({ name: "node-2", id: "K7BQ|127.0.0.1:5502", port: 5502 });
const on = (owner: typeof n1, Name: string, Driver = "local", Scope = "local", Labels = {}): VolumeView => ({
  node: owner,
  volume: { Name, Driver, Scope, Labels },
});
const all = [
  on(n2, "v1"),
  on(n1, "v1", "local", "local", { a: "1" }),
  on(n1, "only"),
  on(n1, "shared", "nfs", "global"),
  on(n2, "shared", "nfs", "global"),
  on(n2, "plug", "plug", "local"),
  on(node({ state: "Pending", port: 9 }), "unseen"),
];
const user = container({
  node: n1,
  summary: { Mounts: [{ Type: "volume", Name: "v1", Destination: "/d" }] },
});
const nfsUser = container({
  node: n2,
  summary: { Mounts: [{ Type: "volume", Name: "shared", Destination: "/d" }] },
});

describe("api/views/volumes", () => {
  // prettier-ignore
  const references = [
    { reference: "only",            finds: "node-1 only" },
    { reference: "node-1/only",     finds: "node-1 only" },
    { reference: "J6AP/only",       finds: "node-1 only" },
    { reference: "node-2/only",     finds: "nothing" },
    { reference: "v1",              finds: "nothing" },
    { reference: "node-2/v1",       finds: "node-2 v1" },
    { reference: "shared",          finds: "node-1 shared" },
    { reference: "node-2/shared",   finds: "node-2 shared" },
    { reference: "",                finds: "nothing" },
  ];
  for (const { reference, finds } of references) {
    it(`finds ${finds} for "${reference}"`, () => {
      const found = resolveVolume(all, reference);
      expect(found === undefined ? "nothing" : `${found.node.name} ${found.volume.Name}`).to.equal(finds);
    });
  }
  it("finds a name stored with a slash", () => {
    expect(resolveVolume([on(n1, "/old")], "old")?.volume.Name).to.equal("/old");
  });
  it("answers 404 for a volume that is not there, or on several nodes", () => {
    expect(refusal(() => requireVolume(all, "v1"))).to.equal("404 No such volume: v1");
  });

  const project = { "com.docker.compose.project": "shop" };
  const others = [
    on(n1, "plug", "plug", "local"),
    on(n1, "web", "local", "local", project),
    on(n2, "web", "local", "local", project),
    on(node({ name: "node-3", port: 5503 }), "web"),
  ];
  // prettier-ignore
  const answering = [
    { reference: "only",          nodes: "node-1" },
    { reference: "node-2/v1",     nodes: "node-2" },
    { reference: "shared",        nodes: "node-1 node-2" },
    { reference: "node-2/shared", nodes: "node-1 node-2" },
    { reference: "plug",          nodes: "node-2 node-1" },
    { reference: "node-1/plug",   nodes: "node-1" },
    { reference: "web",           nodes: "node-1 node-2" },
    { reference: "node-3/web",    nodes: "node-3" },
  ];
  for (const { reference, nodes } of answering) {
    it(`has ${reference} answered by ${nodes}`, () => {
      const volumes = [...all, ...others];
      const found = requireVolume(volumes, reference);
      const names = nodesOf(volumes, reference, found).map(({ name }) => name);
      expect(names.join(" ")).to.equal(nodes);
    });
  }

  const list = (wanted: Record<string, string[]> = {}, clientVersion = "1.40") =>
    listVolumes(all, [user, nfsUser], { filters: filters(wanted), clientVersion });

  // prettier-ignore
  const cases: readonly { wanted: Record<string, string[]>; lists: string }[] = [
    { wanted: {},                              lists: "node-1/only node-1/v1 node-2/v1 plug shared" },
    { wanted: { name: ["v", "hare"] },         lists: "node-1/v1 node-2/v1 shared" },
    { wanted: { name: ["node-1"] },            lists: "nothing" },
    { wanted: { label: ["a=1"] },              lists: "node-1/v1" },
    { wanted: { node: ["node-2"] },            lists: "node-2/v1 plug shared" },
    { wanted: { node: ["node-1"] },            lists: "node-1/only node-1/v1 plug shared" },
    { wanted: { driver: ["nfs", "plug"] },     lists: "plug shared" },
    { wanted: { dangling: ["true"] },          lists: "node-1/only node-2/v1 plug" },
    { wanted: { dangling: ["false"] },         lists: "node-1/v1 shared" },
    { wanted: { odd: ["x"] },                  lists: "node-1/only node-1/v1 node-2/v1 plug shared" },
  ];
  for (const { wanted, lists } of cases) {
    it(`lists ${lists} for ${JSON.stringify(wanted)}`, () => {
      expect(
        list(wanted)
          .Volumes.map(({ Name }) => Name)
          .join(" ") || "nothing",
      ).to.equal(lists);
    });
  }
  it("says [] when there is none, as engines do", () => {
    expect(JSON.stringify(list({ name: ["zz"] }))).to.equal('{"Volumes":[],"Warnings":null}');
  });
  it("refuses what an engine would refuse", () => {
    expect(refusal(() => list({ dangling: ["x"] }))).to.equal("400 Invalid filter 'dangling=x'");
    expect(refusal(() => list({ odd: ["x"] }, "1.41"))).to.equal("400 Invalid filter 'odd'");
  });
});
