import { expect } from "chai";
import { effectOf } from "../../src/cluster/engine-event-effect.ts";

/** `container start a` as an event, and its effect as words. */
function effect(
  Type: string | undefined,
  Action: string,
  ID = "a",
  Attributes: Record<string, string> = {},
): string {
  const { kind, ...about } = effectOf({
    ...(Type !== undefined && { Type }),
    Action,
    Actor: { ID, Attributes },
  });
  return [kind, ...Object.values(about)].join(" ");
}

describe("cluster/engine-event-effect", () => {
  // prettier-ignore
  const table: readonly [type: string | undefined, actions: string, effect: string][] = [
    ["container", "create start die kill oom pause unpause stop restart rename update", "refresh-container a"],
    ["container", "health_status:_healthy health_status:_unhealthy something_new",      "refresh-container a"],
    ["container", "destroy",                                                            "drop-container a"],
    ["container", "commit",                                                             "images"],
    ["container", "prune",                                                              "everything"],
    ["container", "top resize export attach detach extract-to-dir copy archive-path",   "none"],
    ["container", "exec_start:_ls exec_start exec_detach exec_die",                     "none"],
    ["image",     "pull tag untag delete import load prune",                            "images"],
    ["image",     "save",                                                               "none"],
    ["volume",    "create destroy prune",                                               "volumes"],
    ["volume",    "mount unmount",                                                      "none"],
    ["network",   "create destroy remove prune update",                                 "networks"],
    ["daemon",    "reload",                                                             "specs"],
    ["daemon",    "shutdown",                                                           "none"],
    ["plugin",    "enable",                                                             "none"],
    ["builder",   "prune",                                                              "none"],
    [undefined,   "start",                                                              "everything"],
    ["",          "start",                                                              "everything"],
  ];
  for (const [type, actions, wanted] of table) {
    for (const action of actions.split(" ").map((word) => word.replace(":_", ": "))) {
      it(`${type ?? "untyped"} ${action}: ${wanted}`, () => expect(effect(type, action)).to.equal(wanted));
    }
  }

  it("keeps an exec's ID", () => {
    expect(effect("container", "exec_create: /bin/sh -c x", "a", { execID: "e1" })).to.equal("exec e1 a");
    expect(effect("container", "exec_create: ls")).to.equal("none");
  });

  it("reads the container whose networks change", () => {
    expect(effect("network", "connect", "n", { container: "c" })).to.equal("refresh-container c");
    expect(effect("network", "disconnect", "n", { container: "c" })).to.equal("refresh-container c");
    expect(effect("network", "connect", "n")).to.equal("none");
  });

  it("does nothing for a container without an ID", () =>
    expect(effect("container", "start", "")).to.equal("none"));

  it("takes status and id where there are no others", () => {
    expect(effectOf({ Type: "container", status: "destroy", id: "b" })).to.deep.equal({
      kind: "drop-container",
      id: "b",
    });
  });
});
