import { expect } from "chai";
import { TermNumbers } from "../../src/replication/term-numbers.ts";
import { FakeClock, memoryStore, readableLog, settle, until } from "./support.ts";

const key = "docker/swarm/term";
const warning = "warn the number of this term could not be counted on from the last one";

describe("replication/term-numbers", () => {
  function counting(world = memoryStore()) {
    const { store, backend } = world;
    const { log, lines } = readableLog();
    const clock = new FakeClock(Date.UTC(2026, 10, 21));
    const numbers = new TermNumbers({ store, key, log, clock });
    const term = new AbortController();
    const seconds = () => Math.floor(clock.unixMs() / 1000);
    return { numbers, store, backend, lines, clock, term, seconds };
  }
  const never = new AbortController().signal;

  it("counts on from what any manager has stored", async () => {
    const world = memoryStore();
    const [a, b] = [counting(world), counting(world)];
    const numbers = [];
    for (const { numbers: each } of [a, b, b, a]) numbers.push((await each.next(never)).number);
    expect(numbers).to.deep.equal([1, 2, 3, 4]);
    expect((await world.store.get(key))?.value).to.equal("4");
    await world.store.close();
  });

  it("counts again when another manager counts at the same moment", async () => {
    const world = memoryStore();
    const numbers = await Promise.all([1, 2, 3].map(() => counting(world).numbers.next(never)));
    expect(numbers.map(({ number }) => number).sort()).to.deep.equal([1, 2, 3]);
    await world.store.close();
  });

  it("does not go back when the store has forgotten", async () => {
    const { numbers, store } = counting();
    await store.put(key, "41");
    await numbers.next(never);
    await store.delete(key);
    expect((await numbers.next(never)).number).to.equal(43);
    await store.close();
  });

  // prettier-ignore
  const nonsense = ["seven", "-1", "1e9", "9999999999999999", "7 ", "0x7"];
  for (const value of nonsense) {
    it(`takes the time for its number, and stores it, where the store has ${JSON.stringify(value)}`, async () => {
      const { numbers, store, lines, clock, seconds } = counting();
      await store.put(key, value);
      const { number, kept } = await numbers.next(never);
      expect([number, lines]).to.deep.equal([seconds(), [warning]]);
      clock.advance(500);
      await kept;
      expect((await store.get(key))?.value).to.equal(String(number));
      await store.close();
    });
  }

  it("numbers a term without the store too, above all before it, and stores that when it can", async () => {
    const { numbers, store, backend, clock, lines, seconds } = counting();
    const first = await numbers.next(never);
    backend.break();
    const second = await numbers.next(never);
    expect([first.number, second.number]).to.deep.equal([1, seconds()]);
    expect(lines).to.deep.equal([warning]);
    clock.advance(500);
    await settle();
    backend.mend();
    await until("it waits again", () => clock.pauses.length > 0);
    clock.advance(1_000);
    await second.kept;
    expect((await store.get(key))?.value).to.equal(String(second.number));
    expect((await numbers.next(never)).number).to.equal(second.number + 1);
    await store.close();
  });

  it("gives two terms of one second two numbers", async () => {
    const { numbers, store, backend, term } = counting();
    backend.break();
    const [first, second] = [await numbers.next(term.signal), await numbers.next(term.signal)];
    expect(second.number).to.equal(first.number + 1);
    term.abort();
    await Promise.all([first.kept, second.kept]);
    await store.close();
  });

  it("does not overwrite a greater number that came meanwhile", async () => {
    const { numbers, store, backend, clock, seconds } = counting();
    backend.break();
    const { kept } = await numbers.next(never);
    backend.mend();
    await store.put(key, String(seconds() + 100));
    clock.advance(500);
    await kept;
    expect((await store.get(key))?.value).to.equal(String(seconds() + 100));
    await store.close();
  });

  it("writes nothing more when the term is over", async () => {
    const { numbers, store, backend, term, clock } = counting();
    backend.break();
    const { kept } = await numbers.next(term.signal);
    backend.mend();
    term.abort();
    clock.advance(500);
    await kept;
    expect(await store.get(key)).to.equal(undefined);
    await store.close();
  });
});
