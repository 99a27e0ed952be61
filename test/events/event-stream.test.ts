import { expect } from "chai";
import { formatEvent } from "../../src/events/event-format.ts";
import { EventHub } from "../../src/events/event-hub.ts";
import { streamEvents } from "../../src/events/event-stream.ts";
import type { EventStreamOptions } from "../../src/events/event-stream.ts";
import type { ClusterEvent } from "../../src/events/types.ts";
import { FakeClock, FakeSink, node2, settle } from "./fakes.ts";

const startSeconds = 1_000_000;

const event = (seconds: number, name = "c"): ClusterEvent =>
  formatEvent(
    { Type: "container", Action: "start", Actor: { ID: name }, time: startSeconds + seconds },
    node2,
  );

/** A client of `/events`, `now` being second 0. */
function open(options: Partial<EventStreamOptions> = {}, hub = new EventHub()) {
  const clock = new FakeClock(startSeconds * 1_000);
  const sink = new FakeSink();
  streamEvents(sink, hub, {
    period: { sinceNano: undefined, untilNano: undefined },
    test: () => true,
    clock,
    ...options,
  });
  return { hub, clock, sink };
}

const at = (seconds: number): bigint => BigInt(startSeconds + seconds) * 1_000_000_000n;

/** The seconds of the events received. */
const times = ({ received }: FakeSink): string =>
  received
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => String((JSON.parse(line) as { time: number }).time - startSeconds))
    .join(" ");

describe("events/event-stream", () => {
  it("sends the header at once, and each event as it happens, a line each", async () => {
    const { hub, sink } = open();
    expect([sink.status, sink.headers, sink.headerFlushed]).to.deep.equal([
      200,
      { "Content-Type": "application/json" },
      true,
    ]);
    hub.publish(event(1));
    hub.publish(event(2));
    await settle();
    expect(sink.received).to.equal(`${event(1).json}\n${event(2).json}\n`);
    expect(sink.ended).to.equal(false);
  });

  it("leaves the newline out when told to", async () => {
    const { hub, sink } = open({ newline: false });
    hub.publish(event(1));
    hub.publish(event(2));
    await settle();
    expect(sink.received).to.equal(event(1).json + event(2).json);
  });

  // prettier-ignore
  const framings = [
    { accept: "application/x-ndjson",             type: "application/x-ndjson", before: "" },
    { accept: "application/jsonl, */*",           type: "application/jsonl",    before: "" },
    { accept: "Application/JSON-seq",             type: "application/json-seq", before: "\u001e" },
    { accept: "*/*",                              type: "application/json",     before: "" },
  ];
  for (const { accept, type, before } of framings) {
    it(`answers ${type} to a client that accepts ${accept}`, async () => {
      const { hub, sink } = open({ accept });
      hub.publish(event(1));
      await settle();
      expect([sink.headers["Content-Type"], sink.received]).to.deep.equal([
        type,
        `${before}${event(1).json}\n`,
      ]);
    });
  }

  it("sends only what passes the filters, of the past too", async () => {
    const hub = new EventHub();
    hub.publish(event(-2, "a"));
    const { sink } = open(
      { test: ({ actorId }) => actorId === "b", period: { sinceNano: 0n, untilNano: undefined } },
      hub,
    );
    hub.publish(event(1, "a"));
    hub.publish(event(2, "b"));
    await settle();
    expect(times(sink)).to.equal("2");
  });

  it("sends the past since a moment first, then what happens", async () => {
    const hub = new EventHub();
    for (const seconds of [-3, -2, -1]) hub.publish(event(seconds));
    const { sink } = open({ period: { sinceNano: at(-2), untilNano: undefined } }, hub);
    hub.publish(event(1));
    await settle();
    expect(times(sink)).to.equal("-2 -1 1");
  });

  it("sends no past without since", async () => {
    const hub = new EventHub();
    hub.publish(event(-1));
    const { sink } = open({}, hub);
    await settle();
    expect(sink.received).to.equal("");
  });

  it("ends at once, empty, when until is past", async () => {
    const { hub, sink, clock } = open({ period: { sinceNano: undefined, untilNano: at(0) } });
    hub.publish(event(1));
    await settle();
    expect([sink.status, sink.received, sink.ended, sink.destroyed]).to.deep.equal([200, "", true, true]);
    expect(clock.waiting).to.equal(0);
  });

  it("sends a period of the past and ends", async () => {
    const hub = new EventHub();
    for (const seconds of [-4, -3, -2, -1]) hub.publish(event(seconds));
    const { sink } = open({ period: { sinceNano: at(-3), untilNano: at(-2) } }, hub);
    await settle();
    expect([times(sink), sink.ended]).to.deep.equal(["-3 -2", true]);
  });

  it("ends at until", async () => {
    const { hub, sink, clock } = open({ period: { sinceNano: undefined, untilNano: at(5) } });
    clock.advance(4_999);
    hub.publish(event(4));
    expect(sink.writableEnded).to.equal(false);
    clock.advance(1);
    hub.publish(event(5));
    await settle();
    expect([times(sink), sink.ended, clock.waiting]).to.deep.equal(["4", true, 0]);
  });

  it("ends at an until further away than a timer can wait", async () => {
    const { sink, clock } = open({ period: { sinceNano: undefined, untilNano: at(100 * 86_400) } });
    clock.advance(100 * 86_400_000 - 1);
    expect(sink.writableEnded).to.equal(false);
    clock.advance(1);
    await settle();
    expect(sink.ended).to.equal(true);
  });

  it("ends when the hub closes, what was sent before still arriving", async () => {
    const { hub, sink, clock } = open();
    sink.reading = false;
    hub.publish(event(1));
    await settle();
    for (const seconds of [2, 3]) hub.publish(event(seconds));
    hub.close();
    expect(sink.writableEnded).to.equal(false);
    sink.read();
    await settle();
    await settle();
    expect([times(sink), sink.ended, clock.waiting]).to.deep.equal(["1 2 3", true, 0]);
  });

  it("ends at once on a hub that is closed already", async () => {
    const hub = new EventHub();
    hub.close();
    const { sink, clock } = open({ period: { sinceNano: undefined, untilNano: at(5) } }, hub);
    await settle();
    expect([sink.ended, clock.waiting]).to.deep.equal([true, 0]);
  });

  it("forgets a client that leaves", async () => {
    const { hub, sink, clock } = open({ period: { sinceNano: undefined, untilNano: at(5) } });
    sink.destroy();
    await settle();
    hub.publish(event(1));
    clock.advance(10_000);
    expect([sink.received, sink.ended, clock.waiting]).to.deep.equal(["", false, 0]);
  });

  it("survives a client's connection error", async () => {
    const { hub, sink } = open();
    sink.destroy(new Error("ECONNRESET"));
    await settle();
    hub.publish(event(1));
    expect(sink.destroyed).to.equal(true);
  });

  describe("with a slow client", () => {
    it("keeps what it cannot take yet, in order", async () => {
      const { hub, sink, clock } = open();
      sink.reading = false;
      for (const seconds of [1, 2, 3, 4]) hub.publish(event(seconds));
      clock.advance(9_999);
      sink.read();
      await settle();
      hub.publish(event(5));
      await settle();
      clock.advance(20_000);
      expect([times(sink), sink.destroyed]).to.deep.equal(["1 2 3 4 5", false]);
    });

    it("cuts it off when a write is stuck for ten seconds", async () => {
      const { hub, sink, clock } = open();
      sink.reading = false;
      hub.publish(event(1));
      await settle();
      clock.advance(9_999);
      expect(sink.destroyed).to.equal(false);
      clock.advance(1);
      expect(sink.destroyed).to.equal(true);
      await settle();
      expect(clock.waiting).to.equal(0);
    });

    it("cuts it off when more than 10 000 events wait", async () => {
      const { hub, sink } = open();
      sink.reading = false;
      const small = event(1);
      hub.publish(small);
      await settle(); // It is with the socket, the rest waits.
      for (let n = 0; n < 10_000; n += 1) hub.publish(small);
      expect(sink.destroyed).to.equal(false);
      hub.publish(small);
      expect(sink.destroyed).to.equal(true);
    });

    it("cuts it off when too much text waits", async () => {
      const { hub, sink } = open({ maxQueuedChars: 20_000 });
      sink.reading = false;
      hub.publish(event(1));
      await settle();
      hub.publish(event(2, "x".repeat(9_000)));
      expect(sink.destroyed).to.equal(false);
      hub.publish(event(3, "x".repeat(1_000)));
      expect(sink.destroyed).to.equal(true);
    });

    it("cuts it off when it does not take the end either", async () => {
      const { hub, sink, clock } = open();
      sink.reading = false;
      hub.publish(event(1));
      hub.close();
      clock.advance(10_000);
      await settle();
      expect([sink.destroyed, clock.waiting]).to.deep.equal([true, 0]);
    });

    it("does not hold up the others", async () => {
      const { hub, sink } = open();
      sink.reading = false;
      const quick = open({}, hub).sink;
      for (const seconds of [1, 2]) hub.publish(event(seconds));
      await settle();
      expect([times(sink), times(quick)]).to.deep.equal(["", "1 2"]);
    });
  });
});
