import { expect } from "chai";
import { pino } from "pino";
import { ApiError } from "../../src/errors.ts";
import { NodeBook } from "../../src/nodes/node-book.ts";
import { encodeEntry, entryKey } from "../../src/nodes/node-entry.ts";
import { ManagedStore } from "../../src/store/managed-store.ts";
import { MemoryBackend } from "../../src/store/memory.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { Tree } from "../../src/store/tree.ts";
import { until } from "../api/support.ts";
import { HandFedStore } from "./hand-fed-store.ts";

const NOW = Date.UTC(2026, 10, 21, 17);
const KEY = entryKey("ID:1") ?? "";
const paused = (rack = "r1"): string =>
  encodeEntry({ availability: "pause", labels: new Map([["rack", rack]]) }, "node-1", NOW);

describe("nodes/node-book", () => {
  let store: HandFedStore;
  let book: NodeBook;
  let warnings: string[];
  let changes: string[];
  let life: AbortController;
  let running: Promise<void>;
  beforeEach(() => {
    store = new HandFedStore();
    warnings = [];
    changes = [];
    const log = pino({ base: null }, { write: (line: string) => void warnings.push(messageOf(line)) });
    book = new NodeBook({ store, log, now: () => NOW });
    book.onChange((engineId) => changes.push(engineId));
    life = new AbortController();
    running = book.run(life.signal);
  });
  afterEach(async () => {
    life.abort();
    await running;
  });

  const messageOf = (line: string): string => (JSON.parse(line) as { msg: string }).msg;
  /** Gives what was shown its turn. */
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const rack = (): string | undefined => book.of("ID:1")?.labels.get("rack");

  describe("an update", () => {
    it("is stored, and in force at once", async () => {
      const settings = await book.update("ID:1", "node-1", {
        availability: "pause",
        addLabels: { rack: "r1" },
      });
      expect(store.entries.get(KEY)?.value).to.equal(paused());
      expect(book.of("ID:1")).to.equal(settings);
      expect(settings).to.deep.equal({ availability: "pause", labels: new Map([["rack", "r1"]]) });
      expect(changes).to.deep.equal(["ID:1"]);
    });

    it("adds to what another manager wrote a moment ago", async () => {
      store.beforeWrite = () => {
        store.beforeWrite = undefined;
        store.write(KEY, paused());
      };
      await book.update("ID:1", "node-1", { addLabels: { row: "b" } });
      expect(book.of("ID:1")).to.deep.equal({
        availability: "pause",
        labels: new Map([["rack", "r1"], ["row", "b"]]), // prettier-ignore
      });
      expect(store.asked.filter((asked) => asked === `put ${KEY}`)).to.have.length(2);
    });

    it("gives up when others are always faster", async () => {
      store.beforeWrite = () => void store.write(KEY, paused(String(store.asked.length)));
      await refused(
        503,
        /^the settings of node node-1 were not stored in fake:\/\/store: .*written meanwhile$/,
      );
      expect(store.asked.filter((asked) => asked === `put ${KEY}`)).to.have.length(8);
    });

    it("counts beside others of this manager", async () => {
      const labels = Array.from({ length: 20 }, (_, n) => `k${n}`);
      await Promise.all(labels.map((key) => book.update("ID:1", "node-1", { addLabels: { [key]: "" } })));
      expect([...(book.of("ID:1")?.labels.keys() ?? [])]).to.deep.equal(labels);
    });

    it("removes the entry of a node of which nothing is left to say", async () => {
      store.write(KEY, paused());
      await book.update("ID:1", "node-1", { availability: "active", removeLabels: ["rack"] });
      expect(store.entries.size).to.equal(0);
      expect(book.of("ID:1")).to.equal(undefined);
    });

    it("writes nothing when nothing changes", async () => {
      store.write(KEY, paused());
      const settings = await book.update("ID:1", "node-1", { availability: "pause" });
      await book.update("ID:2", "node-2", { availability: "active" });
      expect(store.asked.filter((asked) => !asked.startsWith("get"))).to.deep.equal([]);
      expect(book.of("ID:1")).to.equal(settings);
    });

    it("that the store does not take changes nothing here", async () => {
      await book.update("ID:1", "node-1", { availability: "pause" });
      store.failure = new StoreError("unreachable", "nobody there");
      await refused(503, "the settings of node node-1 were not stored in fake://store: nobody there");
      expect(book.of("ID:1")?.availability).to.equal("pause");
      store.failure = undefined;
      await book.update("ID:1", "node-1", { availability: "drain" });
      expect(book.of("ID:1")?.availability).to.equal("drain");
    });

    it("leaves what a newer manager wrote", async () => {
      store.write(KEY, '{"v":2}');
      await refused(409, /written by a newer manager \(version 2\)/);
      expect(store.entries.get(KEY)?.value).to.equal('{"v":2}');
    });

    it("writes anew what nobody can read", async () => {
      store.write(KEY, "?");
      await book.update("ID:1", "node-1", { availability: "pause", addLabels: { rack: "r1" } });
      expect(store.entries.get(KEY)?.value).to.equal(paused());
    });

    it("that cannot be is refused before anything is written", async () => {
      const error = await failure(book.update("ID:1", "node-1", { addLabels: { node: "x" } }));
      expect(error.status).to.equal(400);
      expect((await failure(book.update("x".repeat(129), "node-1", {}))).status).to.equal(409);
      expect(store.entries.size).to.equal(0);
    });

    async function refused(status: number, message: RegExp | string): Promise<void> {
      const error = await failure(book.update("ID:1", "node-1", { availability: "drain" }));
      expect(error.status).to.equal(status);
      if (typeof message === "string") expect(error.message).to.equal(message);
      else expect(error.message).to.match(message);
    }
  });

  describe("what the store shows", () => {
    it("is in force, and no longer when it is gone", async () => {
      store.write(KEY, paused());
      store.show();
      await settled();
      expect(book.of("ID:1")?.availability).to.equal("pause");
      store.show([]);
      await settled();
      expect(book.of("ID:1")).to.equal(undefined);
      expect(changes).to.deep.equal(["ID:1", "ID:1"]);
    });

    it("is the same object as long as it says the same", async () => {
      store.write(KEY, paused());
      store.show();
      await settled();
      const before = book.of("ID:1");
      store.write(KEY, paused());
      store.show();
      await settled();
      expect(book.of("ID:1")).to.equal(before);
      expect(changes).to.deep.equal(["ID:1"]);
    });

    it("does not undo what was written after it was read", async () => {
      const old = store.write(KEY, paused("old"));
      store.show();
      await settled();
      await book.update("ID:1", "node-1", { addLabels: { rack: "new" } });
      store.show([old]);
      await settled();
      expect(rack()).to.equal("new");
      await book.update("ID:1", "node-1", { availability: "active", removeLabels: ["rack"] });
      store.show([old]);
      await settled();
      expect(book.of("ID:1")).to.equal(undefined);
      expect(changes).to.have.length(3);
    });

    for (const removed of [false, true]) {
      it(`does not undo what was written while ${removed ? "its removal" : "it"} was looked at`, async () => {
        const old = store.write(KEY, paused("old"));
        await book.update("ID:1", "node-1", { addLabels: { rack: "first" } });
        if (removed) await book.update("ID:1", "node-1", { availability: "active", removeLabels: ["rack"] });
        let letGo = (): void => undefined;
        const held = new Promise<void>((resolve) => (letGo = resolve));
        store.beforeRead = () => {
          store.beforeRead = undefined;
          return held;
        };
        store.show([old]);
        await settled();
        await book.update("ID:1", "node-1", { addLabels: { rack: "second" } });
        letGo();
        await settled();
        expect(rack()).to.equal("second");
        expect(changes).to.have.length(removed ? 3 : 2);
      });
    }

    it("wins over our own when another manager wrote after us", async () => {
      await book.update("ID:1", "node-1", { addLabels: { rack: "ours" } });
      store.write(KEY, paused("theirs"));
      store.show();
      await settled();
      expect(rack()).to.equal("theirs");
      store.write(KEY, paused("again"));
      store.show();
      await settled();
      expect(rack()).to.equal("again");
      store.show();
      await settled();
      const asked = store.asked.length;
      store.write(KEY, paused("later"));
      store.show();
      await settled();
      expect(rack()).to.equal("later");
      expect(store.asked.length, "once the watch is as far as we are, nothing is asked").to.equal(asked);
    });

    it("of a newer version, or unreadable, leaves in force what was known, with one warning", async () => {
      store.write(KEY, paused());
      store.show();
      for (const value of ['{"v":9}', "?"]) {
        const entry = store.write(KEY, value);
        store.show([entry]);
        store.show([entry]);
        await settled();
        expect(book.of("ID:1")?.availability).to.equal("pause");
      }
      expect(warnings).to.deep.equal([
        "A node's settings were written by a newer manager and are not used here",
        "A node's settings cannot be read and are not used",
      ]);
    });

    it("is nothing when it is not ours", async () => {
      store.write("docker/swarm/availability/a/b", paused());
      store.show();
      await settled();
      expect(changes).to.deep.equal([]);
    });
  });

  describe("while the store fails", () => {
    it("what the watch shows is believed, also of what we wrote ourselves", async () => {
      await book.update("ID:1", "node-1", { addLabels: { rack: "ours" } });
      const theirs = store.write(KEY, paused("theirs"));
      store.failure = new StoreError("unreachable", "nobody there");
      store.show([theirs]);
      await settled();
      expect(rack()).to.equal("theirs");
    });

    it("what is known stays in force, with one warning an outage", async () => {
      store.write(KEY, paused());
      store.show();
      store.breakDown("down");
      store.breakDown("down");
      await settled();
      expect(book.of("ID:1")?.availability).to.equal("pause");
      store.show();
      await settled();
      store.breakDown("down again");
      await settled();
      const failed = "The store of node settings cannot be read; what is known of them stays in force";
      expect(warnings).to.deep.equal([failed, "The store of node settings can be read again", failed]);
    });

    it("a first look ends with a warning, and does not fail", async () => {
      store.failure = new StoreError("unreachable", "nobody there");
      await book.load();
      expect(warnings).to.have.length(1);
    });
  });

  it("knows all after the first look", async () => {
    store.write(KEY, paused());
    await book.load();
    expect(rack()).to.equal("r1");
  });

  it("runs until the signal, also when the watch has ended", async () => {
    const ended = new HandFedStore();
    ended.watch = async function* () {
      // Closed.
    };
    const stop = new AbortController();
    let over = false;
    const run = new NodeBook({ store: ended, log: pino({ enabled: false }) })
      .run(stop.signal)
      .then(() => (over = true));
    await settled();
    expect(over).to.equal(false);
    stop.abort();
    await run;
  });

  it("is the same for all managers of one store", async () => {
    const tree = new Tree("1");
    const open = () => new ManagedStore(new MemoryBackend(tree), { name: "memory://" });
    const stores = [open(), open()] as const;
    const of = (each: ManagedStore): NodeBook => new NodeBook({ store: each, log: pino({ enabled: false }) });
    const books = [of(stores[0]), of(stores[1])] as const;
    const [one, two] = books;
    const runs = books.map((each) => each.run(life.signal));
    await one.update("ID:1", "node-1", { availability: "drain" });
    await until(() => two.of("ID:1")?.availability === "drain");
    await Promise.all([
      one.update("ID:1", "node-1", { addLabels: { a: "1" } }),
      two.update("ID:1", "node-1", { addLabels: { b: "2" } }),
    ]);
    await until(() => books.every((each) => each.of("ID:1")?.labels.size === 2));
    expect(Object.fromEntries(two.of("ID:1")?.labels ?? [])).to.deep.equal({ a: "1", b: "2" });
    life.abort();
    await Promise.all(runs);
    await Promise.all(stores.map((each) => each.close()));
  });
});

async function failure(call: Promise<unknown>): Promise<ApiError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}
