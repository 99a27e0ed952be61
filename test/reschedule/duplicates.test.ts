import { expect } from "chai";
import type { ContainerRecord } from "../../src/cluster/container-record.ts";
import { betterCopy } from "../../src/cluster/better-copy.ts";
import { judgeDuplicates } from "../../src/reschedule/duplicates.ts";
import { hex } from "../cluster/builders.ts";
import { copy, engineOf, wanted } from "./builders.ts";

const n1 = engineOf("node-1");
const n2 = engineOf("node-2");
const dead = engineOf("node-1", { healthy: false });
const A = hex("a");
const B = hex("b");
const C = hex("c");

/** The first letters: the winner, then those that may go. */
function judged(copies: readonly ContainerRecord[], about = wanted()): string {
  const orders = [copies, [...copies].reverse()].map((each) => {
    const { winner, duplicates } = judgeDuplicates(each, about);
    const losers = duplicates.map(({ loser }) => `-${loser.id[0] ?? ""}`).sort();
    return [winner?.id[0] ?? "none", ...losers].join(" ");
  });
  expect(orders[0], "whatever the order").to.equal(orders[1]);
  return orders[0] ?? "";
}

describe("reschedule/duplicates", () => {
  // prettier-ignore
  const cases = [
    { it: "keeps the one copy there is",                  copies: [copy({ id: A, engine: n1 })],                                                        says: "a" },
    { it: "knows no winner on a lost engine",             copies: [copy({ id: A, engine: dead })],                                                      says: "none" },
    { it: "prefers what runs to what does not",           copies: [copy({ id: A, engine: n1, status: "exited" }), copy({ id: B, engine: n2 })],         says: "b -a" },
    { it: "takes a restarting copy for a running one",    copies: [copy({ id: A, engine: n1, status: "restarting" }), copy({ id: B, engine: n2, status: "created" })], says: "a -b" },
    { it: "of two that run, keeps the one in the book",   copies: [copy({ id: A, engine: n1 }), copy({ id: B, engine: n2, created: "2027-01-01T00:00:00Z" })], says: "a -b" },
    { it: "but the one made in its place before that",    copies: [copy({ id: A, engine: n1 }), copy({ id: B, engine: n2, from: A })],                  says: "b -a" },
    { it: "removes nothing while none runs",              copies: [copy({ id: A, engine: n1, status: "exited" }), copy({ id: B, engine: n2, status: "created" })], says: "a" },
    { it: "goes back to what has run when its copy never did", copies: [copy({ id: A, engine: n1, status: "exited" }), copy({ id: B, engine: n2, from: A, status: "created" })], says: "a" },
    { it: "and removes that copy once it runs",           copies: [copy({ id: A, engine: n1 }), copy({ id: B, engine: n2, from: A, status: "created" })], says: "a -b" },
    { it: "goes on with a copy that has run",             copies: [copy({ id: A, engine: n1, status: "exited" }), copy({ id: B, engine: n2, from: A, status: "exited" })], says: "b" },
    { it: "leaves a copy on a lost engine for later",     copies: [copy({ id: A, engine: dead }), copy({ id: B, engine: n2, from: A })],                says: "b" },
    { it: "never sets a container against itself",        copies: [copy({ id: A, engine: n1 }), copy({ id: A, engine: n2 })],                           says: "a" },
    { it: "leaves a look-alike with another name alone",  copies: [copy({ id: A, engine: n1 }), copy({ id: B, engine: n2, names: ["other"] })],          says: "a" },
    { it: "leaves a look-alike that claims to be the heir", copies: [copy({ id: A, engine: n1 }), copy({ id: B, engine: n2, names: ["other"], from: A })], says: "a" },
    { it: "does not let a look-alike win because it runs", copies: [copy({ id: A, engine: n1, status: "exited" }), copy({ id: B, engine: n2, names: ["other"] })], says: "a" },
    { it: "does not take a link alias for a name",        copies: [copy({ id: A, engine: n1 }), copy({ id: B, engine: n2, names: ["other", "web"] })],  says: "a" },
    { it: "removes all that are left over",               copies: [copy({ id: A, engine: n1 }), copy({ id: B, engine: n2 }), copy({ id: C, engine: engineOf("node-3") })], says: "a -b -c" },
  ];
  for (const each of cases) it(each.it, () => expect(judged(each.copies)).to.equal(each.says));

  it("removes a copy that was renamed when another was made in its place", () => {
    const old = copy({ id: A, engine: n1, names: ["web-old"] });
    const heir = copy({ id: B, engine: n2, from: A });
    expect(judged([old, heir], wanted({ last: { ...wanted().last, containerId: B } }))).to.equal("b -a");
  });

  it("of two that managers without a common book have made, keeps the same one, whoever judges", () => {
    const copies = [
      copy({ id: B, engine: n1, from: A, created: "2026-01-01T10:00:00.1Z" }),
      copy({ id: C, engine: n2, from: A, created: "2026-01-01T10:00:00.2Z" }),
    ];
    const book = (containerId: string) => wanted({ last: { ...wanted().last, containerId }, formerIds: [A] });
    expect([judged(copies, book(B)), judged(copies, book(C))]).to.deep.equal(["c -b", "c -b"]);
  });

  it("of two that run and are not in the book, keeps the one made in place of the other", () => {
    const about = wanted({ last: { ...wanted().last, containerId: C } });
    const copies = [copy({ id: A, engine: n1, from: B }), copy({ id: B, engine: n2 })];
    expect(judged(copies, about)).to.equal("a -b");
  });

  it("of two unrelated ones keeps the younger one, by one clock", () => {
    const about = wanted({ last: { ...wanted().last, containerId: C } });
    // Its clock is an hour ahead, so it is in truth the older one.
    const fast = engineOf("node-1", { clockDeltaMs: -3_600_000 });
    const older = copy({ id: A, engine: fast, created: "2026-01-01T10:30:00Z" });
    const younger = copy({ id: B, engine: n2, created: "2026-01-01T10:00:00Z" });
    expect(judged([older, younger], about)).to.equal("b -a");
  });

  it("keeps the stopped one in the book when its user stopped it", () => {
    const stopped = copy({ id: A, engine: n1, status: "exited" });
    expect(judged([stopped, copy({ id: B, engine: n2 })], wanted({ run: "stopped" }))).to.equal("a -b");
  });

  const booked = { ...wanted().last, containerId: B };
  const made = copy({ id: B, engine: n2, from: A, status: "created" });
  const restarted = (Name: string) => ({
    ...wanted().create,
    body: { Image: "busybox", HostConfig: { RestartPolicy: { Name } } },
  });
  // prettier-ignore
  const stoppedCases = [
    { it: "keeps the old copy that somebody has started, rather than the new one that never ran", about: wanted({ run: "stopped", last: booked }), copies: [copy({ id: A }), made], says: "a -b" },
    { it: "keeps the new one when the engine may have started the old one by itself", about: wanted({ run: "stopped", last: booked, create: restarted("always") }), copies: [copy({ id: A }), made], says: "b -a" },
    { it: "knows that engines start nothing by themselves that was stopped unless-stopped", about: wanted({ run: "stopped", last: booked, create: restarted("unless-stopped") }), copies: [copy({ id: A }), made], says: "a -b" },
    { it: "keeps the new one that ran and was stopped", about: wanted({ run: "stopped", last: booked }), copies: [copy({ id: A }), copy({ id: B, engine: n2, from: A, status: "exited" })], says: "b -a" },
  ];
  for (const each of stoppedCases)
    it(each.it, () => expect(judged(each.copies, each.about)).to.equal(each.says));

  it("knows a copy that was created past the manager by its ID", () => {
    const about = wanted({ swarmId: A });
    const own = copy({ id: A, engine: n1, swarmId: "" });
    expect(judged([own, copy({ id: B, engine: n2, swarmId: A, from: A })], about)).to.equal("b -a");
  });

  it("has one better copy of any two, whatever their order", () => {
    const lost = copy({ id: A, engine: dead });
    const made = copy({ id: B, engine: n2, status: "created", from: A });
    expect([betterCopy(lost, made).id, betterCopy(made, lost).id]).to.deep.equal([B, B]);
  });
});
