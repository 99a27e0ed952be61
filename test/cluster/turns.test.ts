import { expect } from "chai";
import { Turns } from "../../src/cluster/turns.ts";

const never = new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("cluster/turns", () => {
  let begun: string[];
  beforeEach(() => {
    begun = [];
  });
  const take = async (turns: Turns, name: string, signal = never): Promise<Disposable> => {
    const place = await turns.take(signal);
    begun.push(name);
    return place;
  };

  it("lets so many begin at once, the others in their order as those are done", async () => {
    const turns = new Turns(2, 60_000);
    const [first, second] = await Promise.all([take(turns, "a"), take(turns, "b")]);
    const rest = ["c", "d"].map((name) => take(turns, name));
    await turn();
    expect(begun.join("")).to.equal("ab");
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    await turn();
    expect(begun.join("")).to.equal("abc");
    second[Symbol.dispose]();
    for (const place of await Promise.all(rest)) place[Symbol.dispose]();
    expect(begun.join("")).to.equal("abcd");
  });

  it("does not wait long for who is slow", async () => {
    const turns = new Turns(1, 20);
    using _slow = await take(turns, "slow");
    using _next = await take(turns, "next");
    expect(begun).to.deep.equal(["slow", "next"]);
  });

  it("takes nobody's place who has given up waiting", async () => {
    const turns = new Turns(1, 60_000);
    const first = await take(turns, "a");
    const given = new AbortController();
    const waiting = take(turns, "b", given.signal);
    const last = take(turns, "c");
    await turn();
    given.abort();
    using _nothing = await waiting;
    first[Symbol.dispose]();
    using _last = await last;
    expect(begun.join("")).to.equal("abc");
  });
});
