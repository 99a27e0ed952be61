import { expect } from "chai";
import { AbsentContainers } from "../../../src/reschedule/wanted/absent-containers.ts";
import { WantedBook } from "../../../src/reschedule/wanted/book.ts";
import { collectedLog, id, place, stores, wanted } from "./builders.ts";
import { clusterOf, FakeEngine } from "./fake-engine.ts";

describe("reschedule/wanted/absent-containers", () => {
  let one: FakeEngine;
  let away: FakeEngine;
  let book: WantedBook;
  let leads: boolean;
  let changes: number;
  let reading: Promise<void> | undefined;
  let absent: AbsentContainers;
  beforeEach(async () => {
    [one, away, leads, changes] = [new FakeEngine("node-1"), new FakeEngine("node-2"), true, 0];
    away.isHealthy = false;
    reading = undefined;
    const { log } = collectedLog();
    book = new WantedBook({ store: stores().open(), log });
    absent = new AbsentContainers({
      cluster: clusterOf(one, away),
      book,
      leads: () => leads,
      reading: () => reading,
      changed: () => changes++,
      log,
      now: () => 5_000,
    });
    await book.put(wanted({ last: place("1", "node-2"), formerIds: [id("8")] }));
  });
  afterEach(() => book[Symbol.asyncDispose]());

  it("are known at once, or when the book is read, or not even then", async () => {
    expect(absent.known()).to.equal(undefined);
    let read = (): void => undefined;
    reading = new Promise((resolve) => (read = resolve));
    let isKnown = false;
    const known = absent.known()?.then(() => (isKnown = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isKnown).to.equal(false);
    read();
    await known;
    expect(isKnown).to.equal(true);
    reading = new Promise(() => undefined);
    await absent.known(10);
  });

  it("hold their names, but not against themselves", () => {
    expect(absent.holderOf("web")?.last.containerId).to.equal(id("1"));
    expect([absent.holderOf("web", id("a")), absent.holderOf("shop"), absent.holderOf("")]).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("are none whose node is well, shows them, or whose records we may not have read", () => {
    away.has(id("1"));
    expect(absent.holderOf("web"), "its node is unhealthy, and shows it").to.equal(undefined);
    away.lacks(id("1"));
    away.isHealthy = true;
    expect(absent.holderOf("web"), "its node is well, and it is gone").to.equal(undefined);
    away.isHealthy = false;
    leads = false;
    expect(absent.holderOf("web"), "another manager leads").to.equal(undefined);
    leads = true;
    expect(absent.holderOf("web")).to.not.equal(undefined);
  });

  it("hold no names that nobody would bring back, and can be removed all the same, as exactly as can be", async () => {
    await book.put(wanted({ policy: "off", last: place("1", "node-2") }));
    expect(absent.holderOf("web")).to.equal(undefined);
    expect(absent.find("web")).to.deep.equal([]);
    for (const reference of ["node-2/web", id("1"), id("a")]) {
      expect(absent.find(reference).map(({ swarmId }) => swarmId)).to.deep.equal([id("a")]);
    }
  });

  it("are not meant where a node shows what is meant as exactly", () => {
    one.has(id("a1"), { name: "shop" });
    expect(absent.find("web"), "nothing of that name").to.have.length(1);
    one.has(id("c"), { name: "web" });
    expect(absent.find("web"), "another of that name").to.deep.equal([]);
    expect(absent.find("node-2/web"), "the one there").to.have.length(1);
    one.has(id("8"), { name: "old" });
    expect(absent.find(id("8")), "an old copy").to.deep.equal([]);
    one.has(id("9"), { name: "copy", labels: { "com.docker.swarm.id": id("a") } });
    expect(absent.find(id("a")), "a copy of the same swarm ID").to.deep.equal([]);
  });

  it("are all that a name may mean", async () => {
    await book.put(wanted({ swarmId: id("b"), last: place("2", "node-2") }));
    expect(absent.find("web")).to.have.length(2);
  });

  it("follow their names", async () => {
    await book.put(wanted({ name: "shop", last: place("1", "node-2") }));
    expect([absent.holderOf("web"), absent.holderOf("shop")?.swarmId]).to.deep.equal([undefined, id("a")]);
  });

  // prettier-ignore
  for (const { reference, found } of [
    { reference: "web",         found: true  },
    { reference: "/web",        found: true  },
    { reference: "node-2/web",  found: true  },
    { reference: "node-1/web",  found: false },
    { reference: "node-2/shop", found: false },
    { reference: id("1"),       found: true  },
    { reference: id("8"),       found: true  },
    { reference: id("a"),       found: true  },
    { reference: id("1").slice(0, 12), found: false },
    { reference: "",            found: false },
  ]) {
    it(`are ${found ? "" : "not "}found by ${reference === "" ? "nothing" : reference}`, () => {
      expect(absent.find(reference)).to.have.length(found ? 1 : 0);
    });
  }

  it("are forgotten with all copies that may be left, those nobody has heard of, too", async () => {
    await absent.forget(wanted({ last: place("1", "node-2"), formerIds: [id("8")] }));
    expect(changes).to.equal(1);
    expect([book.get(id("a")), absent.holderOf("web"), absent.find("web")]).to.deep.equal([
      undefined,
      undefined,
      [],
    ]);
    expect([...book.removed.values()]).to.deep.equal([
      { swarmId: id("a"), name: "web", ids: [id("8"), id("1")], removedMs: 5_000, madeFor: id("1") },
    ]);
  });
});
