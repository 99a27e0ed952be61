import { expect } from "chai";
import type { ContainerRecord } from "../../src/cluster/container-record.ts";
import { AnnouncedNews, missedEvents } from "../../src/cluster/resync.ts";
import type { EngineEvent } from "../../src/docker/types.ts";
import { hex, record, type RecordParts } from "./builders.ts";

const NOW = 1_700_000_000_123;
const mapOf = (parts: readonly RecordParts[]): Map<string, ContainerRecord> =>
  new Map(parts.map((each) => record(each)).map((each) => [each.id, each]));
const missed = (before: readonly RecordParts[], after: readonly RecordParts[]): string[] =>
  missedEvents(mapOf(before), mapOf(after), NOW).map(
    ({ Action, Actor }) => `${Action ?? ""} ${Actor?.Attributes?.name ?? ""}`,
  );

const exited = { Status: "exited", Running: false, ExitCode: 3 };
const paused = { Status: "paused", Paused: true };
const later = { StartedAt: "2024-01-01T00:09:00Z" };

describe("cluster/resync", () => {
  // prettier-ignore
  const cases = [
    { it: "nothing when nothing changed",             before: [{}],                      after: [{}],                       events: [] },
    { it: "a new running container",                  before: [],                        after: [{}],                       events: ["create web", "start web"] },
    { it: "a new container that does not run",        before: [],                        after: [{ state: exited }],        events: ["create web"] },
    { it: "a container that is gone",                 before: [{}],                      after: [],                         events: ["destroy web"] },
    { it: "a container that ended",                   before: [{}],                      after: [{ state: exited }],        events: ["die web"] },
    { it: "a container that was started",             before: [{ state: exited }],       after: [{ state: later }],         events: ["start web"] },
    { it: "a container that was started again",       before: [{}],                      after: [{ state: later }],         events: ["restart web"] },
    { it: "a container that was paused",              before: [{}],                      after: [{ state: paused }],        events: ["pause web"] },
    { it: "a container that goes on",                 before: [{ state: paused }],       after: [{}],                       events: ["unpause web"] },
    { it: "a container with another name",            before: [{ names: ["old"] }],      after: [{}],                       events: ["rename web"] },
    { it: "everything about everyone",                before: [{ id: hex("1"), names: ["a"] }, { id: hex("2"), names: ["b"] }], after: [{ id: hex("2"), names: ["b"], state: exited }, { id: hex("3"), names: ["c"] }], events: ["destroy a", "die b", "create c", "start c"] },
  ];
  for (const { it: title, before, after, events } of cases) {
    it(`tells ${title}`, () => expect(missed(before, after)).to.deep.equal(events));
  }

  it("looks like the engine's own event", () => {
    const [event] = missedEvents(
      mapOf([{ labels: { a: "b" } }]),
      mapOf([{ state: exited, labels: { a: "b" } }]),
      NOW,
    );
    expect(event).to.deep.equal({
      ...{ status: "die", id: hex("a"), from: "busybox", Type: "container", Action: "die" },
      Actor: { ID: hex("a"), Attributes: { a: "b", exitCode: "3", image: "busybox", name: "web" } },
      ...{ scope: "local", time: 1_700_000_000, timeNano: NOW * 1e6 },
    });
  });

  describe("announces the same news once", () => {
    const start = (atMs: number, id = "a"): EngineEvent => ({
      ...{ Type: "container", Action: "start", Actor: { ID: id } },
      ...{ time: Math.trunc(atMs / 1_000), timeNano: BigInt(atMs) * 1_000_000n },
    });
    let news: AnnouncedNews;
    beforeEach(() => (news = new AnnouncedNews()));

    it("when the stream was first", () => {
      const ends = news.resyncStarts(NOW);
      expect(news.fromStream(start(NOW), NOW)).to.equal(true);
      expect(news.fromResync(start(NOW), NOW)).to.equal(false);
      ends();
    });

    it("when the resync was first", () => {
      const ends = news.resyncStarts(NOW);
      expect(news.fromResync(start(NOW), NOW)).to.equal(true);
      ends();
      expect(news.fromStream(start(NOW - 5_000), NOW + 10)).to.equal(false);
    });

    it("by the engine's clock", () => {
      news.resyncStarts(NOW)();
      news.fromResync(start(NOW), NOW);
      // The engine is a minute ahead.
      expect(news.fromStream(start(NOW + 60_000 - 5), NOW + 10, -60_000)).to.equal(false);
    });

    // prettier-ignore
    const still = [
      { it: "what happened after the resync",                   event: start(NOW + 1), at: NOW + 20 },
      { it: "another container's",                              event: start(NOW - 5, "b"), at: NOW + 20 },
      { it: "what is too late to be a replay",                  event: start(NOW - 5), at: NOW + 10_000 },
      { it: "another action",                                   event: { ...start(NOW - 5), Action: "die" }, at: NOW + 20 },
    ];
    for (const { it: title, event, at } of still) {
      it(`and still ${title}`, () => {
        news.resyncStarts(NOW)();
        news.fromResync(start(NOW), NOW);
        expect(news.fromStream(event, at)).to.equal(true);
      });
    }

    it("and the next of its kind again", () => {
      news.resyncStarts(NOW)();
      news.fromResync(start(NOW), NOW);
      expect(news.fromStream(start(NOW - 1), NOW)).to.equal(false);
      expect(news.fromStream(start(NOW - 1), NOW)).to.equal(true);
    });

    it("until every resync has ended", () => {
      const [first, second] = [news.resyncStarts(NOW), news.resyncStarts(NOW)];
      news.fromStream(start(NOW), NOW);
      first();
      expect(news.fromResync(start(NOW), NOW)).to.equal(false);
      second();
      expect(news.fromResync(start(NOW), NOW)).to.equal(true);
    });
  });
});
