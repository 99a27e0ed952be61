import { expect } from "chai";
import { BookReading } from "../../../src/reschedule/wanted/book-reading.ts";
import { collectedLog } from "./builders.ts";

describe("reschedule/wanted/book-reading", () => {
  it("is current until the store has answered, however often that takes", async () => {
    let calls = 0;
    const load = (): Promise<void> =>
      ++calls < 2 ? Promise.reject(new Error("no leader")) : Promise.resolve();
    const { log } = collectedLog();
    const reading = new BookReading({ book: { load }, log, random: () => 0 });
    expect(reading.current).to.equal(undefined);
    const over = reading.read(new AbortController().signal);
    expect(reading.current).to.be.instanceOf(Promise);
    await over;
    expect([calls, reading.current]).to.deep.equal([2, undefined]);
  });

  it("ends with its signal", async () => {
    const ends = new AbortController();
    const book = { load: () => Promise.reject(new Error("no leader")) };
    const reading = new BookReading({ book, log: collectedLog().log, random: () => 0 });
    const over = reading.read(ends.signal);
    ends.abort();
    await over;
    expect(reading.current).to.equal(undefined);
  });
});
