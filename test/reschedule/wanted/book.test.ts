import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { WANTED_FOLDER, WantedBook } from "../../../src/reschedule/wanted/book.ts";
import { decodeWanted, encodeWanted } from "../../../src/reschedule/wanted/codec.ts";
import type { WantedContainer } from "../../../src/reschedule/wanted/wanted.ts";
import { maxValueBytes, type Store } from "../../../src/store/store.ts";
import { until } from "../../api/support.ts";
import { collectedLog, id, place, stores, unreachable, wanted } from "./builders.ts";

const key = (swarmId: string): string => `${WANTED_FOLDER}/${swarmId}`;
const never = new AbortController().signal;
const quick = { firstPauseMs: 5, longestPauseMs: 20, patienceMs: 60 };

describe("reschedule/wanted/book", () => {
  let { backend, open } = stores();
  let { log, lines } = collectedLog();
  let store: Store;
  let books: WantedBook[] = [];
  const book = (): WantedBook => {
    const made = new WantedBook({ store: open(), log, random: () => 0, times: quick });
    books.push(made);
    return made;
  };
  const stored = async (swarmId: string): Promise<WantedContainer | undefined> => {
    const entry = await store.get(key(swarmId));
    const decoded = entry && decodeWanted(swarmId, entry.value);
    return decoded?.kind === "value" ? decoded.value : undefined;
  };
  beforeEach(() => {
    ({ backend, open } = stores());
    ({ log, lines } = collectedLog());
    store = open();
    books = [];
  });
  afterEach(async () => {
    backend.failure = undefined;
    for (const each of books) await each[Symbol.asyncDispose]();
    await store.close();
  });

  it("finds a container by swarm ID, by its container ID and by former ones, and by nothing it had no more", async () => {
    const one = book();
    await one.put(wanted({ formerIds: [id("8")] }));
    expect(
      [one.get(id("a")), one.ofContainer(id("1")), one.ofContainer(id("8"))].map((each) => each?.name),
    ).to.deep.equal(["web", "web", "web"]);
    await one.put(wanted({ last: place("2"), formerIds: [id("1")] }));
    expect([one.ofContainer(id("2"))?.name, one.ofContainer(id("8"))]).to.deep.equal(["web", undefined]);
    await one.remove(id("a"));
    expect([one.ofContainer(id("2")), one.get(id("a")), [...one.values()]]).to.deep.equal([
      undefined,
      undefined,
      [],
    ]);
  });

  it("hands all there is to the next manager", async () => {
    const one = book();
    await Promise.all([
      one.put(wanted()),
      one.put(wanted({ swarmId: id("b"), name: "db", last: place("2") })),
    ]);
    await one.remove(id("b"));
    const two = book();
    await two.load(never);
    expect([...two.values()]).to.deep.equal([wanted()]);
    expect(two.ofContainer(id("1"))?.swarmId).to.equal(id("a"));
  });

  it("forgets at the beginning of a term what others have removed, and keeps what it could not store", async () => {
    const [one, two] = [book(), book()];
    await one.put(wanted());
    await two.load(never);
    await two.remove(id("a"));
    backend.failure = unreachable();
    void one.put(wanted({ swarmId: id("b"), name: "db", last: place("2") }));
    await one.load(never);
    expect([...one.values()].map(({ name }) => name)).to.deep.equal(["db"]);
  });

  it("does not let a reading undo a change made meanwhile", async () => {
    const one = book();
    await one.put(wanted());
    const loading = one.load(never);
    await one.put(wanted({ run: "stopped" }));
    await one.put(wanted({ swarmId: id("b"), name: "db", last: place("2") }));
    await loading;
    expect([...one.values()].map(({ name, run }) => `${name} ${run}`)).to.deep.equal([
      "web stopped",
      "db running",
    ]);
  });

  it("answers after its patience when the store is down, tries on and says so once, and once when all is well", async () => {
    const one = book();
    backend.failure = unreachable();
    const answers = await Promise.all([
      one.put(wanted()),
      one.put(wanted({ swarmId: id("b"), name: "db", last: place("2") })),
    ]);
    expect([answers, one.unsaved, one.get(id("a"))?.name]).to.deep.equal([[false, false], 2, "web"]);
    backend.failure = undefined;
    await until(() => one.unsaved === 0, "everything is stored");
    expect(await stored(id("b"))).to.have.property("name", "db");
    expect(lines).to.deep.equal([
      "warn what is wanted of containers cannot be stored: it is tried again until it can; if this manager ends before, it is forgotten",
      "info what is wanted of containers is stored again",
    ]);
  });

  it("writes one at a time for each container, and of several changes only the last", async () => {
    const one = book();
    let pass = (): void => undefined;
    backend.gate = new Promise((resolve) => (pass = resolve));
    const answers = ["1", "2", "3", "4"].map((name) => one.put(wanted({ name })));
    await until(() => backend.writes.length === 1);
    backend.gate = undefined;
    pass();
    expect(await Promise.all(answers)).to.deep.equal([true, true, true, true]);
    expect(backend.writes).to.have.length(2);
    expect(await stored(id("a"))).to.have.property("name", "4");
  });

  it("writes no more than eight at a time", async () => {
    const one = book();
    let pass = (): void => undefined;
    backend.gate = new Promise((resolve) => (pass = resolve));
    const puts = Array.from({ length: 20 }, (_, n) =>
      one.put(
        wanted({
          swarmId: id(n.toString(16).padStart(2, "0")),
          last: place(n.toString(16).padStart(2, "0")),
        }),
      ),
    );
    await until(() => backend.writes.length === 8);
    await new Promise((resolve) => setImmediate(resolve));
    expect(backend.writes).to.have.length(8);
    backend.gate = undefined;
    pass();
    await Promise.all(puts);
    expect(backend.writes).to.have.length(20);
  });

  it("does not put a container back to where it was before another manager moved it", async () => {
    const [old, now] = [book(), book()];
    await old.put(wanted());
    await now.load(never);
    backend.failure = unreachable();
    await old.put(wanted({ run: "stopped" }));
    backend.failure = undefined;
    const moved = wanted({ last: place("2", "node-2"), formerIds: [id("1")] });
    await now.put(moved);
    await until(() => old.unsaved === 0);
    expect([await stored(id("a")), old.get(id("a"))]).to.deep.equal([moved, moved]);
    expect(old.ofContainer(id("2"))?.name).to.equal("web");
  });

  it("joins changes that two managers made at once", async () => {
    const [one, two] = [book(), book()];
    await one.put(wanted());
    await two.load(never);
    await one.put(wanted({ name: "shop" }));
    await two.put(wanted({ run: "stopped" }));
    expect(await stored(id("a"))).to.deep.include({ name: "shop", run: "stopped" });
    expect(two.get(id("a"))).to.deep.include({ name: "shop", run: "stopped" });
  });

  it("removes what it never read only if it is where it believes it is", async () => {
    const [one, two] = [book(), book()];
    await one.put(wanted());
    await two.remove(id("a"));
    expect(await stored(id("a"))).to.equal(undefined);
    expect(await two.remove(id("b"))).to.equal(true);
  });

  it("takes a write that was done but not answered for what it is", async () => {
    const one = book();
    await one.put(wanted());
    const text = encodeWanted(wanted({ run: "stopped" })) ?? "";
    backend.failure = unreachable();
    await one.put(wanted({ run: "stopped" }));
    backend.failure = undefined;
    await store.put(key(id("a")), text);
    await until(() => one.unsaved === 0);
    expect([one.get(id("a"))?.run, (await stored(id("a")))?.run]).to.deep.equal(["stopped", "stopped"]);
  });

  it("reads one entry again on demand, unless it has news of its own", async () => {
    const [one, two] = [book(), book()];
    await one.put(wanted());
    expect(await two.fresh(id("a"), never)).to.have.property("name", "web");
    await one.remove(id("a"));
    expect(await two.fresh(id("a"), never)).to.equal(undefined);
    backend.failure = unreachable();
    await two.put(wanted({ name: "mine" }));
    expect(await two.fresh(id("a"), never)).to.have.property("name", "mine");
  });

  it("names what it cannot read, once, and reads the rest", async () => {
    await store.put(key(id("b")), "{");
    await store.put(key(id("c")), '{"v":7}');
    const one = book();
    await one.put(wanted());
    await one.load(never);
    await one.load(never);
    expect([...one.values()].map(({ name }) => name)).to.deep.equal(["web"]);
    expect(lines).to.deep.equal([
      "error a wanted container cannot be read: its entry is left alone",
      "error a wanted container cannot be read: its entry is left alone",
    ]);
  });

  it("writes over a damaged entry, and never over one of a later version", async () => {
    const later = '{"v":7}';
    await store.put(key(id("b")), "{");
    await store.put(key(id("c")), later);
    const [one, two] = [book(), book()];
    await one.load(never);
    for (const each of [one, two]) {
      expect(await each.put(wanted({ swarmId: id("b"), last: place("2") }))).to.equal(true);
      expect(await each.put(wanted({ swarmId: id("c"), last: place("3") }))).to.equal(false);
      expect([each.get(id("c"))?.name, each.unsaved]).to.deep.equal(["web", 0]);
    }
    expect([(await store.get(key(id("c"))))?.value, (await stored(id("b")))?.name]).to.deep.equal([
      later,
      "web",
    ]);
  });

  it("keeps what is too large for the store to itself, and leaves no older word of it there", async () => {
    const one = book();
    await one.put(wanted());
    const body = { Image: "busybox", Labels: { noise: randomBytes(maxValueBytes).toString("base64") } };
    expect(await one.put(wanted({ create: { ...wanted().create, body } }))).to.equal(false);
    await one.load(never);
    expect([one.isStorable(id("a")), one.get(id("a"))?.create.body, one.unsaved]).to.deep.equal([
      false,
      body,
      0,
    ]);
    expect(await stored(id("a"))).to.equal(undefined);
    await one.put(wanted());
    expect([one.isStorable(id("a")), (await stored(id("a")))?.name]).to.deep.equal([true, "web"]);
  });

  it("gives what is not stored one more chance when it ends", async () => {
    const one = new WantedBook({
      store: open(),
      log,
      random: () => 0,
      times: { ...quick, firstPauseMs: 60_000, longestPauseMs: 60_000 },
    });
    backend.failure = unreachable();
    await one.put(wanted());
    backend.failure = undefined;
    await one[Symbol.asyncDispose]();
    expect(await stored(id("a"))).to.have.property("name", "web");
  });

  it("ends within its patience when the store does not answer", async () => {
    const one = book();
    backend.gate = new Promise(() => undefined);
    void one.put(wanted());
    await until(() => backend.writes.length === 1);
    await one[Symbol.asyncDispose]();
    expect(await one.put(wanted())).to.equal(false);
  });

  it("does not let one entry that is refused hold up the others", async () => {
    const one = book();
    backend.refused = id("b");
    void one.put(wanted({ swarmId: id("b"), last: place("2") }));
    expect(await one.put(wanted())).to.equal(true);
  });
});
