import { expect } from "chai";
import { EventWriter } from "../../src/events/event-writer.ts";
import { FakeClock, FakeSink, settle } from "./fakes.ts";

describe("events/event-writer", () => {
  it("sends what is written in one turn in one write, at the end of that turn", async () => {
    const sink = new FakeSink();
    const writer = new EventWriter(sink, new FakeClock(0));
    for (const chunk of ["a", "b", "c"]) writer.write(chunk);
    expect(sink.writes).to.deep.equal([]);
    await new Promise<void>((resolve) => process.nextTick(resolve));
    expect(sink.writes).to.deep.equal(["abc"]);
    writer.write("d");
    await settle();
    expect(sink.writes).to.deep.equal(["abc", "d"]);
  });

  it("keeps no more for a slow client than allowed, in one turn neither", () => {
    const sink = new FakeSink();
    sink.reading = false;
    const writer = new EventWriter(sink, new FakeClock(0), { maxQueuedChars: 100_000 });
    writer.write("x".repeat(70_000));
    writer.write("x".repeat(70_000));
    expect(sink.destroyed, "one is with the socket, one waits").to.equal(false);
    writer.write("x".repeat(70_000));
    expect(sink.destroyed).to.equal(true);
  });

  it("sends what was written in the turn of its end", async () => {
    const sink = new FakeSink();
    const writer = new EventWriter(sink, new FakeClock(0));
    writer.write("a");
    writer.end();
    await settle();
    expect([sink.writes, sink.ended]).to.deep.equal([["a"], true]);
  });

  it("takes nothing more once it has ended, however often it is ended", async () => {
    const sink = new FakeSink();
    const clock = new FakeClock(0);
    const writer = new EventWriter(sink, clock, { maxQueued: 0 });
    sink.reading = false;
    writer.write("a");
    writer.end();
    writer.end();
    writer.write("b");
    expect(sink.destroyed).to.equal(false);
    sink.read();
    await settle();
    expect([sink.received, sink.ended, clock.waiting]).to.deep.equal(["a", true, 0]);
  });

  it("takes nothing for a client that is gone, and waits for nothing", async () => {
    const sink = new FakeSink();
    const clock = new FakeClock(0);
    const writer = new EventWriter(sink, clock);
    sink.destroy();
    await settle();
    writer.write("a");
    expect([sink.received, clock.waiting]).to.deep.equal(["", 0]);
  });
});
