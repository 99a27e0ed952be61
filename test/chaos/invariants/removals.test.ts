import { expect } from "chai";
import type { ContainerEvent } from "../../live/chaos/invariants/observations.ts";
import { lonelyRemovals } from "../../live/chaos/invariants/removals.ts";
import { lostVolumes } from "../../live/chaos/invariants/volumes.ts";
import type { Operation } from "../../live/chaos/clients/history.ts";
import { answered, cut, operation } from "../operations.ts";

/** What happened to `web#1` on an engine, at these times in seconds: `create 1, start 2`. */
function on(engine: string, story: string): ContainerEvent[] {
  return story.split(", ").map((step) => {
    const [action = "", second = ""] = step.split(" ");
    return {
      atMs: Number(second) * 1000,
      engine,
      action: action as ContainerEvent["action"],
      id: engine.repeat(12),
      name: "web",
      token: "web#1",
    };
  });
}

const made = operation("run", answered(201), { beganMs: 1000 });
const found = (events: readonly ContainerEvent[], ...operations: readonly Operation[]) =>
  lonelyRemovals(events, new Map([["web#1", [made, ...operations]]])).map(({ what }) =>
    what.replace("web#1 was removed from ", ""),
  );

describe("chaos/removals", () => {
  const first = "create 1, start 2";

  it("admits that a copy gives way to a running one", () => {
    const events = [...on("a", `${first}, die 20, destroy 21`), ...on("b", "create 10, start 11")];
    expect(found(events)).to.deep.equal([]);
  });

  it("finds the removal of the only copy", () => {
    expect(found(on("a", `${first}, die 20, destroy 21`))).to.deep.equal(["a with no other copy"]);
  });

  it("finds a running copy that gave way to one that did not run", () => {
    const events = [...on("a", `${first}, die 20, destroy 21`), ...on("b", "create 10")];
    expect(found(events)).to.deep.equal(["a with no other running copy"]);
  });

  it("admits that an ended copy gives way to one that is there", () => {
    const events = [...on("a", `${first}, die 5, destroy 60`), ...on("b", "create 10")];
    expect(found(events)).to.deep.equal([]);
  });

  it("counts a copy that has itself been removed before as none", () => {
    const events = [
      ...on("a", `${first}, die 20, destroy 21`),
      ...on("b", "create 10, start 11, destroy 15"),
    ];
    expect(found(events)).to.include("a with no other copy");
  });

  it("admits what a client asked for, even if it was cut", () => {
    const events = on("a", `${first}, die 20, destroy 21`);
    expect(found(events, operation("remove", cut, { beganMs: 19_000 }))).to.deep.equal([]);
  });

  it("does not count as asked for what was asked later", () => {
    const events = on("a", `${first}, die 20, destroy 21`);
    expect(found(events, operation("remove", cut, { beganMs: 22_000 }))).to.have.lengthOf(1);
  });

  it("forgives the removal of what no client was told of", () => {
    const events = on("a", "create 1, destroy 2");
    expect(lonelyRemovals(events, new Map([["web#1", [operation("create", cut)]]]))).to.deep.equal([]);
  });
});

describe("chaos/volumes", () => {
  const event = (action: "create" | "destroy") => ({ atMs: 0, engine: "a", action, name: "data" });
  const present = (...names: readonly string[]) => new Map([["a", new Set(names)]]);

  it("admits a volume that is there", () => {
    expect(lostVolumes([event("create")], present("data"))).to.deep.equal([]);
  });

  it("finds one that is gone, and one that was removed and made again", () => {
    expect(lostVolumes([event("create")], present())).to.have.lengthOf(1);
    expect(lostVolumes([event("create"), event("destroy")], present("data"))).to.have.lengthOf(1);
  });
});
