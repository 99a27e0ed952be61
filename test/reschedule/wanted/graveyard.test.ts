import { expect } from "chai";
import { Graveyard, REMOVED_FOLDER, type Grave } from "../../../src/reschedule/wanted/graveyard.ts";
import type { Store } from "../../../src/store/store.ts";
import { until } from "../../api/support.ts";
import { collectedLog, id, stores, unreachable } from "./builders.ts";

const never = new AbortController().signal;
const times = { firstPauseMs: 5, longestPauseMs: 20, patienceMs: 60 };
const day = 24 * 3_600_000;

describe("reschedule/wanted/graveyard", () => {
  let { backend, open } = stores();
  let store: Store;
  let made: Graveyard[];
  beforeEach(() => {
    ({ backend, open } = stores());
    [store, made] = [open(), []];
  });
  afterEach(async () => {
    backend.failure = undefined;
    for (const each of made) await each[Symbol.asyncDispose]();
  });
  const graveyard = (given: { readonly most?: number } = {}): Graveyard => {
    const each = new Graveyard({ store: open(), log: collectedLog().log, random: () => 0, times, ...given });
    made.push(each);
    return each;
  };
  const grave = (part: Partial<Grave> = {}): Grave => ({
    ...{ swarmId: id("a"), name: "web", ids: [id("1"), id("2")], removedMs: 100 * day },
    ...part,
  });
  const copy = (
    containerId: string,
    swarm = "a",
    labels: Record<string, string> = {},
    Status = "created",
  ) => ({
    ...{ id: containerId, swarmId: id(swarm), labels, inspect: { State: { Status } } },
  });
  const stored = async (): Promise<number> => (await store.list({ folder: REMOVED_FOLDER })).length;

  it("remembers copies until each is gone, for the next manager too", async () => {
    const one = graveyard();
    await one.bury(grave());
    const two = graveyard();
    await two.load(never);
    expect([two.covers(copy(id("1"))), two.covers(copy(id("2"))), two.covers(copy(id("3")))]).to.deep.equal([
      true,
      true,
      false,
    ]);
    two.gone(copy(id("1")));
    two.gone(copy(id("3")));
    expect([two.covers(copy(id("1"))), two.covers(copy(id("2")))]).to.deep.equal([false, true]);
    two.gone(copy(id("2")));
    await until(async () => (await stored()) === 0, "the store has forgotten it");
    expect([...two.values()]).to.deep.equal([]);
  });

  describe("with a copy nobody had heard of", () => {
    const madeFor = (digits: string) => ({ "com.docker.swarm.rescheduled-from": id(digits) });

    it("covers it by what it was made for, and nothing else that has its labels", async () => {
      const one = graveyard();
      await one.bury(grave({ madeFor: id("9") }));
      expect(one.covers(copy(id("7"), "a", madeFor("9")))).to.equal(true);
      expect(one.covers(copy(id("7"), "a", madeFor("9"), "running")), "run by somebody").to.equal(false);
      expect(one.covers(copy(id("7"), "a", madeFor("1"))), "made from a body of an old copy").to.equal(false);
      expect(one.covers(copy(id("7"), "b", madeFor("9"))), "of an image made of it").to.equal(false);
    });

    it("still covers it when the same container is removed again", async () => {
      const one = graveyard();
      await one.bury(grave({ madeFor: id("9") }));
      await one.bury(grave({ ids: [id("3")] }));
      expect(one.covers(copy(id("7"), "a", madeFor("9")))).to.equal(true);
    });

    it("remembers it until it is gone, for the next manager too", async () => {
      await graveyard().bury(grave({ ids: [], madeFor: id("9") }));
      const two = graveyard();
      await two.load(never);
      const unknown = copy(id("7"), "a", madeFor("9"));
      expect(two.covers(unknown)).to.equal(true);
      two.gone(unknown);
      expect(two.covers(unknown)).to.equal(false);
      await until(async () => (await stored()) === 0, "the store has forgotten it");
    });
  });

  it("asks the store for what it has not read", async () => {
    await graveyard().bury(grave());
    const two = graveyard();
    expect(await two.knows(copy(id("1")), never)).to.equal(true);
    expect(await two.knows(copy(id("1"), "b"), never)).to.equal(true);
    expect(await two.knows(copy(id("4"), "b"), never)).to.equal(false);
  });

  it("does not unlearn what it could not store", async () => {
    const one = graveyard();
    backend.failure = unreachable();
    await one.bury(grave());
    await one.load(never);
    expect([await one.knows(copy(id("9")), never), one.covers(copy(id("1"))), one.unsaved]).to.deep.equal([
      false,
      true,
      1,
    ]);
  });

  it("joins what two managers know: gone is gone, and new is new", async () => {
    const [one, two] = [graveyard(), graveyard()];
    await one.bury(grave());
    await two.load(never);
    one.gone(copy(id("1")));
    await until(() => one.unsaved === 0);
    await two.bury(grave({ ids: [id("3")] }));
    expect([...two.values()].map(({ ids }) => [...ids].sort())).to.deep.equal([[id("2"), id("3")]]);
  });

  it("brings nothing back that another manager saw go to the last", async () => {
    const [one, two] = [graveyard(), graveyard()];
    await one.bury(grave());
    await two.load(never);
    for (const each of ["1", "2"]) one.gone(copy(id(each)));
    await until(async () => one.unsaved === 0 && (await stored()) === 0);
    two.gone(copy(id("1")));
    await until(() => two.unsaved === 0);
    expect([[...two.values()], await stored()]).to.deep.equal([[], 0]);
  });

  it("keeps the newest, and none for longer than thirty days", () => {
    const one = graveyard({ most: 1_000 });
    const key = (n: number): string => id(n.toString(16).padStart(4, "0"));
    for (let n = 0; n < 1_001; n++)
      void one.bury(grave({ swarmId: key(n), ids: [key(n)], removedMs: 100 * day + n }));
    expect([[...one.values()].length, one.covers(copy(key(0))), one.covers(copy(key(1)))]).to.deep.equal([
      1_000,
      false,
      true,
    ]);
    void one.bury(grave({ removedMs: 131 * day }));
    expect([...one.values()].map(({ name }) => name)).to.deep.equal(["web"]);
  });

  // prettier-ignore
  const damages = ["{", "[]", '{"v":1}', JSON.stringify({ v: 1, ...grave(), ids: ["x"] }), JSON.stringify({ v: 1, ...grave(), swarmId: id("b") }), JSON.stringify({ v: 2, ...grave() })];
  for (const text of damages) {
    it(`makes nothing of ${text.slice(0, 40)}`, async () => {
      await store.put(`${REMOVED_FOLDER}/${id("a")}`, text);
      const one = graveyard();
      await one.load(never);
      expect([...one.values()]).to.deep.equal([]);
    });
  }
});
