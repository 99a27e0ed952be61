import { expect } from "chai";
import { findImage, requireImage, requireNodesWithAll } from "../../../src/api/views/image-lookup.ts";
import { countNamedImages, listImages } from "../../../src/api/views/image-list.ts";
import type { ImageListQuery } from "../../../src/api/views/image-list.ts";
import { familiarReference, parseImageReference } from "../../../src/api/views/image-reference.ts";
import type { NodeImages } from "../../../src/api/views/types.ts";
import { filters, image, node, now, refusal } from "./builders.ts";

const n1 = node();
const n2 = node({ name: "node-2", port: 5502 });
const down = node({ name: "node-3", port: 5503, state: "Unhealthy" });
const digest = `sha256:${"d".repeat(64)}`;

describe("api/views/image-reference", () => {
  // prettier-ignore
  const cases = [
    { text: "busybox",                          repository: "docker.io/library/busybox", tag: undefined, digest: undefined },
    { text: "busybox:1",                        repository: "docker.io/library/busybox", tag: "1",       digest: undefined },
    { text: "docker.io/busybox",                repository: "docker.io/library/busybox", tag: undefined, digest: undefined },
    { text: "index.docker.io/library/busybox",  repository: "docker.io/library/busybox", tag: undefined, digest: undefined },
    { text: "me/app:2",                         repository: "docker.io/me/app",          tag: "2",       digest: undefined },
    { text: "reg.io:5000/app",                  repository: "reg.io:5000/app",           tag: undefined, digest: undefined },
    { text: "localhost/app:2",                  repository: "localhost/app",             tag: "2",       digest: undefined },
    { text: `busybox@${digest}`,                repository: "docker.io/library/busybox", tag: undefined, digest },
    { text: `busybox:1@${digest}`,              repository: "docker.io/library/busybox", tag: "1",       digest },
  ];
  for (const { text, ...is } of cases) {
    it(`takes ${text} apart`, () => expect(parseImageReference(text)).to.deep.equal(is));
  }
  it("knows the form people write", () => {
    const familiar = (text: string) => familiarReference(parseImageReference(text));
    expect(familiar("docker.io/library/busybox:1")).to.equal("busybox:1");
    expect(familiar("docker.io/me/app")).to.equal("me/app");
    expect(familiar(`reg.io:5000/app@${digest}`)).to.equal(`reg.io:5000/app@${digest}`);
  });
});

describe("api/views/image-lookup", () => {
  const busybox = image({ Id: "sha256:aaa111", RepoTags: ["busybox:latest", "busybox:1"] });
  const byDigest = image({ Id: "sha256:aaa222", RepoTags: [], RepoDigests: [`redis@${digest}`] });
  const app = image({ Id: "sha256:bbb333", RepoTags: ["reg.io:5000/app/api:2.1"] });
  const hex = image({ Id: "sha256:ccc444", RepoTags: ["bbb:latest"] });
  const nameless = image({ Id: "sha256:ddd555", RepoTags: ["<none>:<none>"] });
  const images: readonly NodeImages[] = [
    { node: down, images: [busybox] },
    { node: n1, images: [busybox, byDigest, app] },
    { node: n2, images: [hex, nameless] },
  ];

  // prettier-ignore
  const cases = [
    { reference: "busybox",                          finds: "sha256:aaa111" },
    { reference: "busybox:1",                        finds: "sha256:aaa111" },
    { reference: "busybox:2",                        finds: "none" },
    { reference: "docker.io/library/busybox",        finds: "sha256:aaa111" },
    { reference: "docker.io/busybox:1",              finds: "sha256:aaa111" },
    { reference: "reg.io:5000/app/api:2.1",          finds: "sha256:bbb333" },
    { reference: "reg.io:5000/app/api",              finds: "none" },
    { reference: "app/api:2.1",                      finds: "none" },
    { reference: `redis@${digest}`,                  finds: "sha256:aaa222" },
    { reference: "redis",                            finds: "none" },
    { reference: "sha256:aaa111",                    finds: "sha256:aaa111" },
    { reference: "aaa111",                           finds: "sha256:aaa111" },
    { reference: "aaa1",                             finds: "sha256:aaa111" },
    { reference: "sha256:aaa2",                      finds: "sha256:aaa222" },
    { reference: "aaa",                              finds: "ambiguous" },
    { reference: "aa",                               finds: "none" },
    { reference: "bbb",                              finds: "sha256:ccc444" },
    { reference: "bbb3",                             finds: "sha256:bbb333" },
    { reference: "<none>:<none>",                    finds: "none" },
    { reference: "",                                 finds: "none" },
  ];
  for (const { reference, finds } of cases) {
    it(`finds ${finds} for "${reference}"`, () => {
      const lookup = findImage(images, reference);
      expect(lookup.kind === "found" ? lookup.copies[0].image.Id : lookup.kind).to.equal(finds);
    });
  }

  // prettier-ignore
  const ignoringTags = [
    { reference: "busybox:2",                 finds: "sha256:aaa111" },
    { reference: "reg.io:5000/app/api",       finds: "sha256:bbb333" },
    { reference: "redis",                     finds: "sha256:aaa222" },
    { reference: `busybox@${digest}`,         finds: "sha256:aaa111" },
  ];
  for (const { reference, finds } of ignoringTags) {
    it(`finds ${finds} for "${reference}" when tags do not matter`, () => {
      const [first] = requireImage(images, reference, { ignoreTag: true });
      expect(first.image.Id).to.equal(finds);
    });
  }

  it("offers the copies of healthy engines first", () => {
    expect(requireImage(images, "busybox").map(({ node: { name } }) => name)).to.deep.equal([
      "node-1",
      "node-3",
    ]);
  });
  it("answers 404 for nothing and for several", () => {
    expect(refusal(() => requireImage(images, "zz"))).to.equal("404 No such image: zz");
    expect(refusal(() => requireImage(images, "aaa"))).to.equal(
      "404 multiple IDs found with provided prefix: aaa",
    );
  });
  it("finds the healthy engines that have all images", () => {
    const having = (...names: string[]) => requireNodesWithAll(images, names).map(({ name }) => name);
    expect(having("busybox:1", "reg.io:5000/app/api:2.1")).to.deep.equal(["node-1"]);
    expect(having("reg.io:5000/app/api")).to.include("node-1");
    expect(having()[0]).to.equal("node-1");
    expect(refusal(() => having("busybox", "zzz"))).to.equal(
      "404 Unable to find a healthy engine containing all images: [busybox zzz]",
    );
  });
});

describe("api/views/image-list", () => {
  const nodes: readonly NodeImages[] = [
    {
      node: n1,
      images: [
        image({
          Id: "sha256:1",
          Created: 100,
          RepoTags: ["busybox:latest"],
          Labels: { a: "1" },
          Containers: 2,
        }),
        image({
          Id: "sha256:2",
          Created: 300,
          RepoTags: ["redis:6", "me/redis:6"],
          RepoDigests: [`redis@${digest}`],
        }),
        image({ Id: "sha256:layer", Created: 50, RepoTags: ["<none>:<none>"] }),
        image({ Id: "sha256:loose", Created: 60, RepoTags: [], ParentId: "sha256:layer" }),
      ],
    },
    {
      node: n2,
      images: [
        image({
          Id: "sha256:1",
          Created: 100,
          RepoTags: ["busybox:latest", "bb:x"],
          Labels: { a: "1" },
          Containers: 3,
        }),
        image({ Id: "sha256:3", Created: 100, RepoDigests: [`only@${digest}`], RepoTags: [] }),
      ],
    },
    { node: node({ state: "Pending" }), images: [image({ Id: "sha256:p", RepoTags: ["p:1"] })] },
  ];
  const list = (over: Partial<ImageListQuery> = {}) =>
    listImages(
      nodes,
      { all: false, filters: filters(), filter: undefined, clientVersion: "1.44", ...over },
      now,
    );
  const ids = (over: Partial<ImageListQuery> = {}): string =>
    list(over)
      .map(({ Id }) => Id.slice(7))
      .join(" ");

  // prettier-ignore
  const cases: readonly { it: string; query: Partial<ImageListQuery>; lists: string }[] = [
    { it: "lists named images, newest first, ties by id",     query: {},                                              lists: "2 1 3" },
    { it: "lists the nameless too with all",                  query: { all: true },                                   lists: "2 1 3 loose layer" },
    { it: "lists dangling ones, not the layers under them",   query: { filters: filters({ dangling: ["true"] }) },    lists: "3 loose" },
    { it: "lists all nameless ones for dangling with all",    query: { all: true, filters: filters({ dangling: ["1"] }) }, lists: "3 loose layer" },
    { it: "lists tagged ones for dangling=false",             query: { filters: filters({ dangling: ["False"] }) },   lists: "2 1" },
    { it: "filters by label",                                 query: { filters: filters({ label: ["a=1"] }) },        lists: "1" },
    { it: "filters by node name",                             query: { filters: filters({ node: ["node-2"] }) },      lists: "1 3" },
    { it: "filters by combined node id",                      query: { filters: filters({ node: [n1.id] }) },         lists: "2 1" },
    { it: "filters by what is older",                         query: { filters: filters({ before: ["redis"] }) },     lists: "1 3" },
    { it: "filters by what is newer",                         query: { filters: filters({ since: ["busybox:other"] }) }, lists: "2" },
    { it: "filters by moment",                                query: { filters: filters({ until: ["200"] }) },        lists: "1 3" },
    { it: "filters by reference",                             query: { filters: filters({ reference: ["busy*"] }) },  lists: "1" },
    { it: "filters by bare repository",                       query: { filters: filters({ reference: ["redis"] }) },  lists: "2" },
    { it: "does not let * cross a slash",                     query: { filters: filters({ reference: ["*redis"] }) }, lists: "2" },
    { it: "filters by reference of a digest",                 query: { filters: filters({ reference: ["only"] }) },   lists: "3" },
    { it: "reads the old filter parameter",                   query: { filter: "bb", clientVersion: "1.27" },         lists: "1" },
    { it: "reads the old filter parameter without a version", query: { filter: "bb", clientVersion: undefined },      lists: "1" },
    { it: "ignores the old filter parameter from 1.28 on",    query: { filter: "bb", clientVersion: "1.28" },         lists: "2 1 3" },
  ];
  for (const c of cases) {
    it(c.it, () => expect(ids(c.query)).to.equal(c.lists));
  }

  // prettier-ignore
  const refused: readonly { wanted: Record<string, string[]>; says: string }[] = [
    { wanted: { dangling: ["maybe"] },    says: "400 Invalid filter: 'type'='dangling'" },
    { wanted: { before: ["zz"] },         says: "400 Invalid filter: 'type'='before': no such image found: 'zz'" },
    { wanted: { since: ["1", "2"] },      says: "400 Invalid filter: 'type'='since': no such image found: ''" },
    { wanted: { until: ["soon"] },        says: "400 Invalid filter 'until=soon'" },
    { wanted: { reference: ["a["] },      says: "400 Invalid filter 'reference=a[': syntax error in pattern" },
    { wanted: { odd: ["x"] },             says: "400 Invalid filter 'odd'" },
  ];
  for (const { wanted, says } of refused) {
    it(`answers ${says}`, () => expect(refusal(() => list({ filters: filters(wanted) }))).to.equal(says));
  }

  it("unites the names of one image on several engines and adds up its containers", () => {
    const counts = new Map([
      [n1.addr, 2],
      [n2.addr, 3],
    ]);
    const [entry] = list({
      filters: filters({ label: ["a"] }),
      containersOf: ({ addr }, id) => (id === "sha256:1" ? (counts.get(addr) ?? 0) : 100),
    });
    expect(entry?.RepoTags).to.deep.equal(["busybox:latest", "bb:x"]);
    expect(entry?.Containers).to.equal(5);
  });
  it("counts containers on the nodes asked for", () => {
    const [entry] = list({
      filters: filters({ label: ["a"], node: ["node-2"] }),
      containersOf: ({ name }) => (name === "node-2" ? 3 : 2),
    });
    expect(entry?.Containers).to.equal(3);
  });
  it("does not count containers for clients that know no count", () => {
    expect(list().map(({ Containers }) => Containers)).to.deep.equal([-1, -1, -1]);
  });
  it("takes what only some engines looked up from them", () => {
    const copies = [
      { node: n1, images: [image({ Id: "sha256:1", RepoTags: ["a:1"], SharedSize: -1 })] },
      {
        node: n2,
        images: [image({ Id: "sha256:1", RepoTags: ["a:1"], SharedSize: 7, Manifests: [{ ID: "m" }] })],
      },
    ];
    const query = { all: false, filters: filters(), filter: undefined, clientVersion: "1.47" };
    for (const nodes of [copies, [...copies].reverse()]) {
      const [entry] = listImages(nodes, query, now);
      expect(entry).to.deep.include({ SharedSize: 7, Manifests: [{ ID: "m" }] });
    }
  });
  it("shows only the names that match a reference", () => {
    const [entry] = list({ filters: filters({ reference: ["me/*"] }) });
    expect(entry?.RepoTags).to.deep.equal(["me/redis:6"]);
    expect(entry?.RepoDigests).to.deep.equal([]);
  });
  it("gives old clients their placeholders and virtual size", () => {
    const old = list({ all: true, clientVersion: "1.42" }).at(-1);
    expect([old?.RepoTags, old?.RepoDigests, old?.VirtualSize]).to.deep.equal([
      ["<none>:<none>"],
      ["<none>@<none>"],
      10,
    ]);
    const recent = list({ all: true, clientVersion: "1.44" }).at(-1);
    expect([recent?.RepoTags, recent?.RepoDigests]).to.deep.equal([[], []]);
    expect(recent).not.to.have.property("VirtualSize");
  });
  it("counts named images for docker info", () => {
    expect(nodes.slice(0, 2).map(({ images }) => countNamedImages(images))).to.deep.equal([2, 2]);
  });
});
