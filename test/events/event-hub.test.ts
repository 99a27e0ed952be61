import { expect } from "chai";
import { formatEvent } from "../../src/events/event-format.ts";
import { EventHub } from "../../src/events/event-hub.ts";
import type { ClusterEvent } from "../../src/events/types.ts";
import { node2 } from "./fakes.ts";

const event = (seconds: number, name = ""): ClusterEvent =>
  formatEvent({ Type: "container", Action: "start", Actor: { ID: name }, time: seconds }, node2);

const times = (events: readonly ClusterEvent[]): string =>
  events.map(({ timeNano }) => String(timeNano / 1_000_000_000n)).join(" ");

/** Subscribes and writes down what happens. */
function listen(hub: EventHub): { readonly seen: string[]; readonly stop: () => void } {
  const seen: string[] = [];
  const stop = hub.subscribe({
    onEvent: ({ timeNano }) => seen.push(String(timeNano / 1_000_000_000n)),
    onClose: () => seen.push("closed"),
  });
  return { seen, stop };
}

describe("events/event-hub", () => {
  it("passes every event to everyone who listens, in order, until they stop", () => {
    const hub = new EventHub();
    const a = listen(hub);
    hub.publish(event(1));
    const b = listen(hub);
    hub.publish(event(2));
    a.stop();
    hub.publish(event(3));
    expect([a.seen.join(" "), b.seen.join(" ")]).to.deep.equal(["1 2", "2 3"]);
  });

  it("does not pass an event to someone who begins to listen because of it", () => {
    const hub = new EventHub();
    let late: readonly string[] = [];
    hub.subscribe({ onEvent: () => (late = listen(hub).seen), onClose: () => undefined });
    hub.publish(event(1));
    expect(late).to.deep.equal([]);
  });

  it("keeps the newest events, and tells those since a moment in order of arrival", () => {
    const hub = new EventHub({ historyCount: 3 });
    for (const seconds of [1, 2, 5, 4]) hub.publish(event(seconds));
    expect(times(hub.history(0n))).to.equal("2 5 4");
    expect(times(hub.history(4_000_000_000n))).to.equal("5 4");
    expect(times(hub.history(4_000_000_001n))).to.equal("5");
  });

  it("keeps 1000 unless told otherwise", () => {
    const hub = new EventHub();
    for (let n = 1; n <= 1_001; n += 1) hub.publish(event(n));
    expect(hub.history(0n)).to.have.length(1_000);
  });

  it("keeps no more text than allowed, even if that means nothing", () => {
    const hub = new EventHub({ historyChars: 3_000 });
    for (const seconds of [1, 2, 3]) hub.publish(event(seconds, "x".repeat(800)));
    expect(times(hub.history(0n))).to.equal("3");
    hub.publish(event(4, "x".repeat(4_000)));
    expect(times(hub.history(0n))).to.equal("");
    hub.publish(event(5));
    expect(times(hub.history(0n))).to.equal("5");
  });

  it("makes no text of an event that nobody hears, and one of an event that many hear", () => {
    const hub = new EventHub();
    let made = 0;
    const counted = (seconds: number): ClusterEvent => {
      const Attributes = {
        // Looked at by its length when it is kept, and once more for each text.
        get label(): string {
          made++;
          return "x";
        },
      };
      return formatEvent({ Type: "network", Actor: { ID: "n", Attributes }, time: seconds }, node2);
    };
    hub.publish(counted(1));
    const unheard = made;
    for (let n = 0; n < 3; n++)
      hub.subscribe({ onEvent: ({ json }) => expect(json).to.include("label"), onClose: () => undefined });
    made = 0;
    hub.publish(counted(2));
    const heard = made;
    made = 0;
    for (const { json } of [...hub.history(0n), ...hub.history(0n)]) expect(json).to.include("label");
    expect([unheard, heard - unheard, made]).to.deep.equal([1, 1, 1]);
  });

  it("tells everyone when it closes, latecomers too, and passes nothing on afterwards", () => {
    const hub = new EventHub();
    const early = listen(hub);
    hub.publish(event(1));
    hub.close();
    hub.close();
    hub.publish(event(2));
    const late = listen(hub);
    late.stop();
    expect([early.seen.join(" "), late.seen.join(" "), times(hub.history(0n))]).to.deep.equal([
      "1 closed",
      "closed",
      "",
    ]);
  });
});
