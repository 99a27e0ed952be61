import { expect } from "chai";
import type { NodeSettings } from "../../src/cluster/node-settings.ts";
import { decodeEntry, encodeEntry, engineIdOf, entryKey } from "../../src/nodes/node-entry.ts";
import { maxKeyBytes, maxValueBytes } from "../../src/store/store.ts";

const SINCE = Date.UTC(2026, 10, 21, 17);
const settings = (parts: Partial<NodeSettings> = {}): NodeSettings => ({
  availability: "pause",
  labels: new Map([["rack", "r1"]]),
  ...parts,
});

describe("nodes/node-entry: keys", () => {
  // prettier-ignore
  const ids = [
    { id: "J6AP:PL2C:MMFS",                       key: "docker/swarm/availability/J6AP%3APL2C%3AMMFS" },
    { id: "2b9f1c9e-6a3c-4f0e-9a43-8b1d7f7f0c11", key: "docker/swarm/availability/2b9f1c9e-6a3c-4f0e-9a43-8b1d7f7f0c11" },
    { id: "a/b",                                  key: "docker/swarm/availability/a%2Fb" },
    { id: "..",                                   key: "docker/swarm/availability/%2E." },
    { id: "_hidden",                              key: "docker/swarm/availability/%5Fhidden" },
    { id: "é\u0001",                              key: "docker/swarm/availability/%C3%A9%01" },
  ];
  for (const { id, key } of ids) {
    it(`of ${JSON.stringify(id)} is ${key}, and back`, () => {
      expect(entryKey(id)).to.equal(key);
      expect(engineIdOf(key)).to.equal(id);
    });
  }

  it("is none for an ID no store takes", () => {
    for (const id of ["", "x".repeat(129), "\ud800"]) expect(entryKey(id)).to.equal(undefined);
    expect(Buffer.byteLength(entryKey("x".repeat(128)) ?? "")).to.be.below(maxKeyBytes);
  });

  it("is not read where it is not ours", () => {
    for (const key of [
      "docker/swarm/availability/a/b",
      "docker/swarm/availability/%",
      "docker/swarm/availability/J6AP:X",
    ])
      expect(engineIdOf(key)).to.equal(undefined);
  });
});

describe("nodes/node-entry: values", () => {
  it("say what tools that read the store want to know", () => {
    const text = encodeEntry(settings(), "node-1", SINCE);
    expect(JSON.parse(text)).to.deep.equal({
      v: 1,
      availability: "pause",
      labels: { rack: "r1" },
      node: "node-1",
      updatedAt: "2026-11-21T17:00:00.000Z",
    });
  });

  const kept: readonly NodeSettings[] = [
    settings(),
    settings({
      availability: "active",
      labels: new Map([
        ["__proto__", "x"],
        ["constructor", "y"],
      ]),
    }),
    settings({ availability: "drain", drain: { sinceMs: SINCE, deadlineMs: SINCE + 600_000 } }),
    settings({ availability: "drain", drain: { sinceMs: SINCE, deadlineMs: undefined } }),
  ];
  for (const each of kept) {
    it(`are read as they were written: ${each.availability} ${[...each.labels.keys()].join()} ${String(each.drain?.deadlineMs)}`, () => {
      expect(decodeEntry(encodeEntry(each, "n", SINCE))).to.deep.equal({
        kind: "settings",
        settings: each,
        problems: [],
      });
    });
  }

  it("fit into every store with all labels at their longest", () => {
    const labels = new Map(
      Array.from({ length: 64 }, (_, n) => [`${n}`.padStart(128, "k"), "ü".repeat(256)]),
    );
    const text = encodeEntry(settings({ labels }), "n".repeat(1_000), SINCE);
    expect(Buffer.byteLength(text)).to.be.below(maxValueBytes);
    expect(decodeEntry(text)).to.deep.include({ kind: "settings", problems: [] });
  });

  const entry = (parts: object): string =>
    JSON.stringify({ v: 1, availability: "drain", labels: {}, ...parts });
  // prettier-ignore
  const unreadable = [
    { it: "no JSON",                 text: "{",                                  why: "it is not JSON" },
    { it: "a list",                  text: "[1]",                                why: "it is not an object" },
    { it: "null",                    text: "null",                               why: "it is not an object" },
    { it: "no version",              text: entry({ v: undefined }),              why: "it has no version we know" },
    { it: "a version that is text",  text: entry({ v: "2" }),                    why: "it has no version we know" },
    { it: "half a version",          text: entry({ v: 1.5 }),                    why: "it has no version we know" },
    { it: "another availability",    text: entry({ availability: "Drain" }),     why: "its availability is none of active, pause and drain" },
    { it: "a megabyte",              text: entry({ more: "x".repeat(1 << 20) }), why: "it is longer than 262144 characters" },
  ];
  for (const { it: what, text, why } of unreadable) {
    it(`are not read: ${what}`, () => expect(decodeEntry(text)).to.deep.equal({ kind: "unreadable", why }));
  }

  it("of newer managers are told apart", () => {
    expect(decodeEntry(entry({ v: 2, availability: "sleep" }))).to.deep.equal({ kind: "newer", version: 2 });
  });

  it("hold with the labels that can be used, whatever the others are", () => {
    const decoded = decodeEntry(
      entry({ labels: { rack: "r1", node: "x", ostype: "windows", a: 1, "b c": "x" } }),
    );
    expect(decoded).to.deep.include({
      kind: "settings",
      settings: { availability: "drain", labels: new Map([["rack", "r1"]]) },
    });
    expect(decoded.kind === "settings" && decoded.problems).to.have.length(3);
    expect(decodeEntry(entry({ labels: ["rack=r1"] }))).to.deep.include({
      problems: ["its labels are not an object"],
    });
  });

  it("have so many labels at most", () => {
    const labels = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`k${n}`, "v"]));
    const decoded = decodeEntry(entry({ labels }));
    expect(decoded.kind === "settings" && decoded.settings.labels.size).to.equal(64);
    expect(decoded).to.deep.include({ problems: ["it has more than 64 labels"] });
  });

  it("know a drain by its times only where there are any", () => {
    for (const drainSince of [undefined, 7, "soon"]) {
      const decoded = decodeEntry(entry({ drainSince }));
      expect(decoded.kind === "settings" && decoded.settings.drain).to.equal(undefined);
    }
    const paused = decodeEntry(entry({ availability: "pause", drainSince: "2026-11-21T17:00:00Z" }));
    expect(paused.kind === "settings" && paused.settings.drain).to.equal(undefined);
  });
});
