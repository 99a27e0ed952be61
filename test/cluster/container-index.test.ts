import { expect } from "chai";
import { ContainerIndex } from "../../src/cluster/container-index.ts";
import type { ContainerRecord } from "../../src/cluster/container-record.ts";
import { seeded } from "../support/seeded.ts";
import { fakeEngine, hex, record, type RecordParts } from "./builders.ts";

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
      containerReplaced: (old, record) => {
        expect(followed.delete(old)).to.equal(true);
        followed.add(record);
        told++;
      },
    });
    const again = record({ engine: n1, id: web.id, names: ["web"], state: { ExitCode: 5 } });
    const twin = record({ engine: n2, id: web.id, names: ["web"] });
    const steps: readonly (() => void)[] = [
      () => index.add(web),
      () => index.add(db1),
      () => index.replace(web, again),
      () => index.add(twin),
      () => index.replace(again, web),
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
    expect(told).to.equal(10);
  });

  it("finds a replaced container by everything that means it, under another version", () => {
    const index = new ContainerIndex();
    const parts = { names: ["web", "db/link"], swarmId: hex("5"), formerIds: [hex("7")] };
    const old = record({ id: hex("a"), ...parts });
    const now = record({ id: hex("a"), ...parts, state: { Status: "exited", Running: false } });
    index.add(old);
    const { version } = index;
    index.replace(old, now);
    for (const reference of [hex("a"), "a00", hex("5"), "500", hex("7"), "700", "web", "db/link"])
      expect(index.resolve(reference), reference).to.equal(now);
    expect([[...index.values()], index.byId(hex("a")), [...index.withSwarmId(hex("5"))]]).to.deep.equal([
      [now],
      now,
      [now],
    ]);
    expect(index.version).to.be.greaterThan(version);
    index.remove(now);
    expect([[...index.values()], index.resolve("a00"), index.resolve("web")]).to.deep.equal([
      [],
      undefined,
      undefined,
    ]);
  });

  it("says after any changes what an index made anew says", () => {
    const random = seeded(3);
    const engines = ["n1", "n2"].map((name) =>
      Object.assign(fakeEngine(name), { isHealthy: true, clockDeltaMs: 0 }),
    );
    const pick = <T>(things: readonly T[]): T => things[Math.floor(random() * things.length)] as T;
    const texts = ["a", "b", "ab1", "ab1c", "ab2"];
    const some = (): RecordParts => ({
      engine: pick(engines),
      id: hex(pick(texts)),
      names: [pick(["web", "db"])],
      swarmId: pick(["", "", hex("5"), hex("ab1c"), hex("ab3")]),
      formerIds: pick([[], [], [hex("ab1d")], [hex("6"), hex("ab2")]]),
    });
    for (let round = 0; round < 15; round++) {
      const index = new ContainerIndex();
      const parts = new Map<ContainerRecord, RecordParts>();
      const put = (given: RecordParts): ContainerRecord => {
        const made = record({ ...given, state: { ExitCode: parts.size } });
        parts.set(made, given);
        return made;
      };
      for (let step = 0; step < 40; step++) {
        const kind = random();
        if (parts.size === 0 || kind < 0.4) {
          const given = some();
          const isThere = [...parts.keys()].some(
            ({ id, engine }) => id === given.id && engine === given.engine,
          );
          if (!isThere) index.add(put(given));
        } else {
          const [old, of] = pick([...parts]);
          parts.delete(old);
          if (kind < 0.6) index.remove(old);
          else index.replace(old, put(of));
        }
        if (step % 4 > 0) continue;
        const fresh = new ContainerIndex();
        for (const each of parts.keys()) fresh.add(each);
        for (const text of [...texts, "5", "6", "ab1d", "ab3", ""]) {
          for (const reference of [hex(text), hex(text).slice(0, 12), text]) {
            expect([...index.withSwarmId(reference)]).to.have.members([...fresh.withSwarmId(reference)]);
            expect([...index.mentioned(reference)]).to.have.members([...fresh.mentioned(reference)]);
            for (const engine of engines) {
              const within = (each: ContainerRecord): boolean => each.engine === engine;
              if (parts.size > 0) expect(index.resolve(text, within)).to.equal(fresh.resolve(text, within));
            }
          }
        }
        for (const name of ["web", "db"])
          expect([...index.named(name)]).to.have.members([...fresh.named(name)]);
        expect([...index.values()].map(({ id }) => id)).to.have.members(
          [...fresh.values()].map(({ id }) => id),
        );
        for (const shown of index.values()) expect(parts.has(shown)).to.equal(true);
      }
    }
  });
});
