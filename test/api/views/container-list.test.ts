import { expect } from "chai";
import { listContainers, listEntry, selectContainers } from "../../../src/api/views/container-list.ts";
import type { ContainerListContext, ContainerListQuery } from "../../../src/api/views/container-list.ts";
import type { ContainerView } from "../../../src/api/views/types.ts";
import {
  container,
  created,
  exited,
  filters,
  image,
  listQuery,
  node,
  now,
  refusal,
  running,
  state,
} from "./builders.ts";

const n1 = node();
const n2 = node({ name: "node-2", port: 5502 });
const down = node({ name: "node-3", port: 5503, state: "Unhealthy" });

/** Oldest first; the list is newest first. */
const fleet: readonly ContainerView[] = [
  container({ name: "a", created: "2026-11-21T01:00:00Z" }),
  container({ name: "b", created: "2026-11-21T02:00:00Z", state: exited(3), node: n2 }),
  container({ name: "c", created: "2026-11-21T03:00:00Z", state: created }),
  container({ name: "d", created: "2026-11-21T04:00:00Z", node: down }),
  container({ name: "agent", created: "2026-11-21T05:00:00Z", image: "swarm:1.2.9" }),
  container({ name: "e", created: "2026-11-21T06:00:00Z", node: n2, state: state({ Paused: true }) }),
  container({ name: "f", created: "2026-11-21T07:00:00Z", node: node({ state: "Pending" }) }),
];

const context = (containers: readonly ContainerView[]): ContainerListContext => ({
  imagesOf: () => [],
  find: (reference) => containers.find(({ inspect }) => inspect.Name === `/${reference}`),
});

const names = (
  query: Partial<ContainerListQuery>,
  containers: readonly ContainerView[] = fleet,
  over: Partial<ContainerListContext> = {},
): string =>
  selectContainers(containers, listQuery(query), { ...context(containers), ...over })
    .map(({ inspect }) => inspect.Name.slice(1))
    .join(" ");

describe("api/views/container-list", () => {
  // prettier-ignore
  const selections: readonly { it: string; query: Partial<ContainerListQuery>; lists: string }[] = [
    { it: "lists what runs on healthy engines",              query: {},                                          lists: "e a" },
    { it: "lists everything with all",                       query: { all: true },                               lists: "e agent d c b a" },
    { it: "hides swarm's own even with a limit",             query: { limit: 9 },                                lists: "e d c b a" },
    { it: "takes the newest up to the limit",                query: { limit: 2 },                                lists: "e d" },
    { it: "ignores a limit of zero and below",               query: { limit: -1 },                               lists: "e a" },
    { it: "begins after `before`, stopped ones included",    query: { before: "d" },                             lists: "c b a" },
    { it: "applies the limit after `before`",                query: { before: "d", limit: 1 },                   lists: "c" },
    { it: "finds its place though `before` is hidden",       query: { before: "agent" },                         lists: "d c b a" },
    { it: "ends at the filter since",                        query: { all: true, filters: filters({ since: ["c"] }) },  lists: "e agent d" },
    { it: "begins after the filter before",                  query: { all: true, filters: filters({ before: ["c"] }) }, lists: "b a" },
    { it: "takes the range between since and before",        query: { all: true, filters: filters({ since: ["b"], before: ["e"] }) }, lists: "agent d c" },
    { it: "shows only running ones between, without all",    query: { filters: filters({ since: ["a"] }) },      lists: "e" },
    { it: "implies all for any status",                      query: { filters: filters({ status: ["created"] }) }, lists: "c" },
    { it: "accepts unknown filters from old clients",        query: { filters: filters({ odd: ["x"] }) },        lists: "e a" },
    { it: "lists nothing when nothing passes",               query: { filters: filters({ name: ["zzz"] }) },     lists: "" },
  ];
  for (const c of selections) {
    it(c.it, () => expect(names(c.query)).to.equal(c.lists));
  }

  it("orders ties by id, whatever order the engines came in", () => {
    const twins = ["z", "y", "x"].map((name) => container({ name }));
    expect(names({}, twins)).to.equal("x y z");
    expect(names({}, twins.toReversed())).to.equal("x y z");
  });

  it("orders by true time when an engine's clock is off", () => {
    const late = container({ name: "late", node: node({ clockDeltaMs: 3_600_000 }) });
    expect(names({}, [late, container({ name: "x", created: "2026-11-21T11:30:00Z" })])).to.equal("late x");
  });

  // prettier-ignore
  const refusals: readonly { query: Partial<ContainerListQuery>; says: string }[] = [
    { query: { before: "zz" },                                                    says: "404 No such container zz" },
    { query: { filters: filters({ since: ["zz"] }) },                             says: "404 No such container: zz" },
    { query: { filters: filters({ odd: ["x"] }), clientVersion: "1.41" },         says: "400 Invalid filter 'odd'" },
    { query: { filters: filters({ exited: ["x"] }) },                             says: '500 strconv.Atoi: parsing "x": invalid syntax' },
    { query: { filters: filters({ "is-task": ["x"] }) },                          says: "400 Invalid filter 'is-task=x'" },
    { query: { filters: filters({ publish: ["1:2"] }) },                          says: "400 filter for 'publish' should not contain ':': 1:2" },
    { query: { filters: filters({ expose: ["70000"] }) },                         says: "400 error while looking up for expose 70000: invalid port" },
    { query: { filters: filters({ expose: ["9-8"] }) },                           says: "400 error while looking up for expose 9-8: invalid port" },
  ];
  for (const { query, says } of refusals) {
    it(`answers ${says}`, () => expect(refusal(() => names(query))).to.equal(says));
  }

  describe("filters", () => {
    const web = container({
      name: "web",
      id: "abc",
      node: n1,
      created: "2026-11-21T09:00:00Z",
      labels: { role: "front", "com.docker.swarm.id": "s1" },
      state: state({ Health: { Status: "healthy" } }),
      summary: {
        Names: ["/l2/al", "/web"],
        Ports: [
          { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
          { PrivatePort: 53, Type: "udp" },
        ],
        Mounts: [
          { Type: "volume", Name: "data", Destination: "/var/data" },
          { Type: "bind", Destination: "/etc" },
        ],
        NetworkSettings: { Networks: { backend: { NetworkID: "feed01" } } },
      },
    });
    const db = container({
      name: "web2",
      id: "def",
      node: n2,
      created: "2026-11-21T08:00:00Z",
      labels: { role: "back", "com.docker.swarm.task": "" },
      state: exited(137),
    });
    const pending = container({ name: "new", id: "fed", created: "2026-11-21T07:00:00Z", state: created });

    // prettier-ignore
    const cases = [
      { key: "name",     values: ["web"],                lists: "web web2",  why: "found anywhere" },
      { key: "name",     values: ["^web$"],              lists: "web",       why: "anchored" },
      { key: "name",     values: ["^/web$"],             lists: "web",       why: "as `docker ps` of an engine shows it" },
      { key: "name",     values: ["^/?web$"],            lists: "web",       why: "with an optional slash" },
      { key: "name",     values: ["node-2/web"],         lists: "web2",      why: "as our list shows it, without slash" },
      { key: "name",     values: ["^/node-2/web2$"],     lists: "web2",      why: "as our list shows it" },
      { key: "name",     values: ["node"],               lists: "",          why: "a node's name is not part of a container's" },
      { key: "name",     values: ["al"],                 lists: "",          why: "link aliases do not count" },
      { key: "name",     values: ["new", "web2"],        lists: "web2 new",  why: "any of several" },
      { key: "name",     values: ["web("],               lists: "",          why: "a malformed pattern only equals" },
      { key: "name",     values: [],                     lists: "web web2 new", why: "no value asks nothing" },
      { key: "id",       values: ["^abc"],               lists: "web",       why: "a prefix by pattern" },
      { key: "id",       values: ["ef0"],                lists: "web2",      why: "found anywhere" },
      { key: "label",    values: ["role"],               lists: "web web2",  why: "by key" },
      { key: "label",    values: ["role=front"],         lists: "web",       why: "by value" },
      { key: "label",    values: ["role", "com.docker.swarm.id=s1"], lists: "web", why: "all must match" },
      { key: "status",   values: ["running"],            lists: "web",       why: "exact" },
      { key: "status",   values: ["exit", "created"],    lists: "web2 new",  why: "by pattern, any" },
      { key: "node",     values: ["node-2"],             lists: "web2",      why: "exact" },
      { key: "node",     values: ["node"],               lists: "web web2 new", why: "by pattern" },
      { key: "health",   values: ["healthy"],            lists: "web",       why: "exact" },
      { key: "health",   values: ["none"],               lists: "web2 new",  why: "without health check" },
      { key: "health",   values: ["health"],             lists: "",          why: "no pattern" },
      { key: "exited",   values: ["137", "1"],           lists: "web2",      why: "any code" },
      { key: "exited",   values: ["0"],                  lists: "",          why: "neither running nor never started" },
      { key: "is-task",  values: ["true"],               lists: "web2",      why: "label present" },
      { key: "is-task",  values: ["false"],              lists: "web new",   why: "label absent" },
      { key: "volume",   values: ["data"],               lists: "web",       why: "by name" },
      { key: "volume",   values: ["/etc"],               lists: "web",       why: "by destination" },
      { key: "volume",   values: ["dat"],                lists: "",          why: "no pattern" },
      { key: "network",  values: ["backend"],            lists: "web",       why: "by name" },
      { key: "network",  values: ["feed"],               lists: "web",       why: "by id prefix" },
      { key: "network",  values: ["node-1/backend"],     lists: "web",       why: "as our list shows it" },
      { key: "network",  values: ["node-2/backend"],     lists: "",          why: "of another node" },
      { key: "publish",  values: ["8080"],               lists: "web",       why: "published port" },
      { key: "publish",  values: ["8000-9000/tcp"],      lists: "web",       why: "a range" },
      { key: "publish",  values: ["80"],                 lists: "",          why: "not the container's side" },
      { key: "publish",  values: ["8080/udp"],           lists: "",          why: "another protocol" },
      { key: "expose",   values: ["53/udp"],             lists: "web",       why: "exposed port" },
      { key: "expose",   values: ["53"],                 lists: "",          why: "tcp unless said otherwise" },
      { key: "isolation", values: ["default"],           lists: "web web2 new", why: "means nothing on Linux" },
    ];
    for (const { key, values, lists, why } of cases) {
      it(`${key}=${values.join(",")} lists ${lists === "" ? "nothing" : lists} (${why})`, () => {
        expect(names({ all: true, filters: filters({ [key]: values }) }, [web, db, pending])).to.equal(lists);
      });
    }

    it("wants every key to pass", () => {
      const both = filters({ label: ["role"], node: ["node-2"] });
      expect(names({ all: true, filters: both }, [web, db, pending])).to.equal("web2");
    });

    it("ancestor finds the image by any of its names and whatever was built upon it, engine by engine", () => {
      const images = [
        image({ Id: "sha256:base00", RepoTags: ["busybox:latest"] }),
        image({ Id: "sha256:mid000", ParentId: "sha256:base00" }),
        image({ Id: "sha256:top000", ParentId: "sha256:mid000", RepoTags: ["app:2"] }),
        image({ Id: "sha256:other0", RepoTags: ["redis:6"] }),
      ];
      const made = (name: string, imageId: string, on = n1) => container({ name, imageId, node: on });
      const all = [made("a", "sha256:base00"), made("b", "sha256:top000"), made("c", "sha256:other0")];
      const found = (...ancestor: string[]): string =>
        names({ filters: filters({ ancestor }) }, [...all, made("elsewhere", "sha256:base00", n2)], {
          imagesOf: (at) => (at === n1 ? images : []),
        });
      expect(found("busybox")).to.equal("a b");
      expect(found("docker.io/library/busybox:latest")).to.equal("a b");
      expect(found("base0")).to.equal("a b");
      expect(found("app:2", "redis:6")).to.equal("b c");
      expect(found("app")).to.equal("");
    });
  });

  describe("an entry", () => {
    const far = node({ name: "node-1", ip: "10.0.0.7", clockDeltaMs: 60_000 });
    const listed = listEntry(
      container({
        node: far,
        state: running,
        labels: { a: "b" },
        summary: {
          Names: ["/c1", "/l2/al"],
          Ports: [
            { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
            { IP: "::", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
            { IP: "192.168.1.1", PrivatePort: 81, PublicPort: 8081, Type: "tcp" },
            { PrivatePort: 53, Type: "udp" },
          ],
          NewerField: { kept: true },
        },
      }),
      now,
    );

    it("carries the node in its names", () =>
      expect(listed.Names).to.deep.equal(["/node-1/c1", "/node-1/l2/al"]));
    it("recomputes the status", () => expect(listed.Status).to.equal("Up About a minute"));
    it("shifts the creation time by the clock difference", () => {
      expect(listed.Created).to.equal(Date.UTC(2026, 10, 21, 11, 1, 0) / 1_000);
    });
    it("gives the engine's address for every address, once", () => {
      expect(listed.Ports).to.deep.equal([
        { IP: "10.0.0.7", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
        { IP: "192.168.1.1", PrivatePort: 81, PublicPort: 8081, Type: "tcp" },
        { PrivatePort: 53, Type: "udp" },
      ]);
    });
    it("keeps unknown fields and the order of keys", () => {
      expect(listed.NewerField).to.deep.equal({ kept: true });
      expect(Object.keys(listed).slice(0, 4)).to.deep.equal(["Id", "Names", "Image", "ImageID"]);
    });
    it("leaves what is cached alone", () => {
      const cached = container();
      listEntry(cached, now);
      expect(cached.summary.Names).to.deep.equal(["/c1"]);
    });
  });

  it("answers entries, an empty list when there are none", () => {
    expect(listContainers([], listQuery(), context([]), now)).to.deep.equal([]);
    expect(
      listContainers(fleet, listQuery(), context(fleet), now).map(({ Names }) => Names?.[0]),
    ).to.deep.equal(["/node-2/e", "/node-1/a"]);
  });
});
