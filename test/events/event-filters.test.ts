import { expect } from "chai";
import { eventFilterKeys, eventTest } from "../../src/events/event-filters.ts";
import { formatEvent, managerEvent } from "../../src/events/event-format.ts";
import type { ClusterEvent } from "../../src/events/types.ts";
import { node2 } from "./fakes.ts";

const from = (
  Type: string,
  Action: string,
  ID: string,
  Attributes: Record<string, string>,
  scope = "local",
) => formatEvent({ Type, Action, Actor: { ID, Attributes }, scope, time: 1 }, node2);

const events: Readonly<Record<string, ClusterEvent>> = {
  start: from("container", "start", "abc123", {
    name: "web",
    image: "reg.io:5000/app:2",
    role: "front",
    x: "a=b",
  }),
  health: from("container", "health_status: healthy", "def456", { name: "db", image: "redis", role: "back" }),
  connect: from("network", "connect", "feed01", {
    name: "net1",
    container: "abc123",
    image: "reg.io:5000/x",
  }),
  volume: from("volume", "mount", "data", { driver: "local" }, "global"),
  pull: from("image", "pull", "sha256:77", { name: "redis:6" }),
  lost: managerEvent("engine_disconnect", { name: "node-3", id: "K7|h:1", addr: "h:1", ip: "h" }, 1_000),
};

describe("events/event-filters", () => {
  // prettier-ignore
  const cases: readonly { wanted: Record<string, string[]>; passes: string }[] = [
    { wanted: {},                                             passes: "start health connect volume pull lost" },
    { wanted: { type: [] },                                   passes: "start health connect volume pull lost" },
    { wanted: { type: ["container", "volume"] },              passes: "start health volume" },
    { wanted: { type: ["cont"] },                             passes: "" },
    { wanted: { event: ["start", "pull"] },                   passes: "start pull" },
    { wanted: { event: ["health_status"] },                   passes: "health" },
    { wanted: { event: ["health_status: healthy"] },          passes: "health" },
    { wanted: { event: ["health_status: un"] },               passes: "" },
    { wanted: { event: ["sta"] },                             passes: "" },
    { wanted: { action: ["connect"] },                        passes: "connect" },
    { wanted: { container: ["web"] },                         passes: "start" },
    { wanted: { container: ["abc"] },                         passes: "start" },
    { wanted: { container: ["node-2/web"] },                  passes: "start" },
    { wanted: { container: ["node-1/web"] },                  passes: "" },
    { wanted: { network: ["net1"] },                          passes: "connect" },
    { wanted: { volume: ["data"] },                           passes: "volume" },
    { wanted: { image: ["redis"] },                           passes: "health pull" },
    { wanted: { image: ["redis:6"] },                         passes: "pull" },
    { wanted: { image: ["reg.io:5000/app"] },                 passes: "start" },
    { wanted: { image: ["reg.io"] },                          passes: "" },
    { wanted: { label: ["role"] },                            passes: "start health" },
    { wanted: { label: ["role=front", "x=a=b"] },             passes: "start" },
    { wanted: { label: ["role=front", "role=back"] },         passes: "" },
    { wanted: { scope: ["global"] },                          passes: "volume" },
    { wanted: { node: ["node-3"] },                           passes: "lost" },
    { wanted: { node: ["K7|h:1"] },                           passes: "lost" },
    { wanted: { node: ["K7"] },                               passes: "lost" },
    { wanted: { node: ["node"] },                             passes: "" },
    { wanted: { type: ["container"], event: ["start"] },      passes: "start" },
  ];
  for (const { wanted, passes } of cases) {
    it(`lets ${passes === "" ? "nothing" : passes} through ${JSON.stringify(wanted)}`, () => {
      const test = eventTest(new Map(Object.entries(wanted)));
      const names = Object.entries(events).filter(([, event]) => test(event));
      expect(names.map(([name]) => name).join(" ")).to.equal(passes);
    });
  }

  it("knows every key it tests, and no other", () => {
    expect(eventFilterKeys.has("node")).to.equal(true);
    expect(eventFilterKeys.has("odd")).to.equal(false);
  });
});
