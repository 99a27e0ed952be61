import { expect } from "chai";
import { ContainerIndex } from "../../src/cluster/container-index.ts";
import type { ContainerRecord } from "../../src/cluster/container-record.ts";
import { fakeEngine, hex, record } from "./builders.ts";

const n1 = fakeEngine("n1", "AA:BB");
const n2 = fakeEngine("n2", "CC:DD");
const web = record({
  engine: n1,
  id: hex("aabbccddeeff11"),
  names: ["web", "db/link"],
  swarmId: hex("5a5a5a5a5a5a55"),
});
const db1 = record({ engine: n1, id: hex("ab01"), names: ["db"] });
const db2 = record({ engine: n2, id: hex("ab02"), names: ["db"] });
const moved = record({ engine: n2, id: hex("77"), names: ["moved"], formerIds: [hex("99887766554433")] });
const hexName = record({ engine: n2, id: hex("c0ffee"), names: ["aabb"] });
const both = record({ engine: n1, id: hex("eeee1"), names: ["both"], swarmId: hex("eeee2") });
// One name on two engines, which is also the unique prefix of an ID.
const twin1 = record({ engine: n1, id: hex("d1"), names: ["fade"] });
const twin2 = record({ engine: n2, id: hex("d2"), names: ["fade"] });
const faded = record({ engine: n2, id: hex("fade"), names: ["other"] });
const all = { web, db1, db2, moved, hexName, both, twin1, twin2, faded };

describe("cluster/container-index", () => {
  const index = new ContainerIndex();
  for (const each of Object.values(all)) index.add(each);

  // prettier-ignore
  const rules: readonly [what: string, reference: string, found: keyof typeof all | undefined][] = [
    ["a full ID",                                      web.id,                     "web"],
    ["the first 12 characters of an ID",               web.id.slice(0, 12),        "web"],
    ["a swarm ID",                                     web.swarmId,                "web"],
    ["the first 12 characters of a swarm ID",          web.swarmId.slice(0, 12),   "web"],
    ["a former ID",                                    hex("99887766554433"),      "moved"],
    ["the first 12 characters of a former ID",         "998877665544",             "moved"],
    ["a unique prefix of a former ID",                 "9988",                     "moved"],
    ["a name",                                         "web",                      "web"],
    ["a name with a slash before it",                  "/web",                     "web"],
    ["a link alias",                                   "db/link",                  "web"],
    ["node name and name",                             "n1/web",                   "web"],
    ["node name and link alias",                       "n1/db/link",               "web"],
    ["engine ID and name",                             "AA:BB/web",                "web"],
    ["combined engine ID and name",                    `${n1.id}/web`,             "web"],
    ["a name on another node",                         "n2/web",                   undefined],
    ["a name on two nodes",                            "db",                       undefined],
    ["a name on two nodes, with one of them",          "n2/db",                    "db2"],
    ["a name before an ID's prefix",                   "aabb",                     "hexName"],
    ["a name on two nodes, though an ID begins so",    "fade",                     undefined],
    ["a unique prefix of an ID",                       "aabbc",                    "web"],
    ["a short unique prefix",                          "c",                        "hexName"],
    ["a unique prefix of a swarm ID",                  "5a5",                      "web"],
    ["a prefix that fits two",                         "ab",                       undefined],
    ["a prefix of both IDs of one container",          "eeee",                     "both"],
    ["thirteen characters of an ID",                   web.id.slice(0, 13),        "web"],
    ["an ID with more after it",                       `${web.id}0`,               undefined],
    ["nothing",                                        "",                         undefined],
    ["a slash",                                        "/",                        undefined],
    ["an unknown name",                                "nope",                     undefined],
    ["a property of every object",                     "__proto__",                undefined],
  ];
  for (const [what, reference, found] of rules) {
    it(`${found === undefined ? "does not find" : "finds"} ${what}`, () => {
      expect(index.resolve(reference)?.id).to.equal(found === undefined ? undefined : all[found].id);
    });
  }

  it("finds within one engine what is ambiguous without", () => {
    expect(index.resolve("db", ({ engine }) => engine === n1)).to.equal(db1);
    expect(index.resolve("ab0", ({ engine }) => engine === n2)).to.equal(db2);
    expect(index.resolve(web.id, ({ engine }) => engine === n2)).to.equal(undefined);
  });

  it("prefers an ID to a swarm ID, and that to a name", () => {
    const twelve = "abcdefabcdef";
    const own = new ContainerIndex();
    const named = record({ id: hex("1"), names: [twelve] });
    const swarm = record({ id: hex("2"), names: ["b"], swarmId: hex(twelve) });
    const byId = record({ id: hex(twelve), names: ["c"] });
    own.add(named);
    expect(own.resolve(twelve)).to.equal(named);
    own.add(swarm);
    expect(own.resolve(twelve)).to.equal(swarm);
    own.add(byId);
    expect(own.resolve(twelve)).to.equal(byId);
  });

  it("knows all containers of a name, link aliases too", () => {
    expect([...index.named("db")]).to.have.members([db1, db2]);
    expect([...index.named("db/link")]).to.deep.equal([web]);
    expect([...index.named("nope")]).to.deep.equal([]);
  });

  it("forgets every way to refer to a container", () => {
    const own = new ContainerIndex();
    const one = record({ id: hex("a"), names: ["web", "x/y"], swarmId: hex("b"), formerIds: [hex("c")] });
    own.add(one);
    own.remove(one);
    for (const reference of [hex("a"), "web", "x/y", hex("b"), hex("c"), "a", "b", "c"]) {
      expect(own.resolve(reference), reference).to.equal(undefined);
    }
    expect(own.size).to.equal(0);
  });

  it("finds the copy of a container that was created past the manager, under the name both have", () => {
    const own = new ContainerIndex();
    const first = record({ engine: Object.assign(fakeEngine("n1"), { isHealthy: false }), id: hex("f1") });
    const second = record({
      engine: Object.assign(fakeEngine("n2"), { isHealthy: true }),
      id: hex("f2"),
      swarmId: first.id,
      formerIds: [first.id],
    });
    own.add(first);
    own.add(second);
    expect(own.resolve("web")).to.equal(second);
    own.add(record({ engine: n1, id: hex("f3") }));
    expect(own.resolve("web")).to.equal(undefined);
  });

  it("finds the other of two records with one ID, whichever goes", () => {
    for (const gone of [0, 1] as const) {
      const own = new ContainerIndex();
      const former = [hex("c")];
      const pair = [
        record({ engine: n1, formerIds: former }),
        record({ engine: n2, formerIds: former }),
      ] as const;
      for (const each of pair) own.add(each);
      own.remove(pair[gone]);
      const left = pair[gone === 0 ? 1 : 0];
      expect([own.byId(left.id), own.resolve(left.id), own.resolve(hex("c"))]).to.deep.equal([
        left,
        left,
        left,
      ]);
    }
  });

  it("tells followers of what enters and leaves its values, also where two machines hold one ID", () => {
    const index = new ContainerIndex();
    const followed = new Set<ContainerRecord>();
    let told = 0;
    index.follow({
      containerAdded: (record) => {
        expect(followed.has(record)).to.equal(false);
        followed.add(record);
        told++;
      },
      containerRemoved: (record) => {
        expect(followed.delete(record)).to.equal(true);
        told++;
      },
    });
    const twin = record({ engine: n2, id: web.id, names: ["web"] });
    const steps: readonly (() => void)[] = [
      () => index.add(web),
      () => index.add(db1),
      () => index.add(twin),
      () => index.remove(web),
      () => index.add(web),
      () => index.remove(web),
      () => index.remove(twin),
      () => index.remove(twin),
    ];
    for (const step of steps) {
      step();
      expect([...followed]).to.have.members([...index.values()]);
    }
    expect(told).to.equal(9);
  });
});
