import { expect } from "chai";
import { EventWriter } from "../../src/events/event-writer.ts";
import { FakeClock, FakeSink, settle } from "./fakes.ts";

describe("events/event-writer", () => {
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
