import { expect } from "chai";
import { readEntries } from "../../discovery/kv-entries.ts";
import { addressesOf } from "./contract.ts";

const entry = (key: string, value: string) => ({ key: `nodes/${key}`, value, revision: "1" });
const warningsOf = (update: ReturnType<typeof readEntries>) =>
  update.kind === "entries" ? update.warnings : update.error.message;

describe("discovery/kv-entries", () => {
  it("reads the value, whatever the key is called", () => {
    const update = readEntries("nodes", [entry("z", "a:1"), entry("b:2", "[::1]:3")]);
    expect(addressesOf(update)).to.deep.equal(["a:1", "[::1]:3"]);
    expect(warningsOf(update)).to.deep.equal([]);
  });

  it("passes over what others keep deeper down, and values that are not written yet", () => {
    const update = readEntries("nodes", [entry("deeper/x", "a:1"), entry("y", ""), entry("z", "\u0001")]);
    expect([addressesOf(update), warningsOf(update)]).to.deep.equal([[], []]);
  });

  // prettier-ignore
  const bad = [
    { it: "has no port",               value: "10.0.0.1",          says: "nodes/x is no engine: address 10.0.0.1: missing port in address" },
    { it: "is a URL",                  value: "http://a:1",        says: "nodes/x is no engine: address http://a:1: too many colons in address" },
    { it: "plays with the terminal",   value: "\u001b[2Ja\n:1",    says: "nodes/x is no engine: address [2Ja :1: unexpected '[' in address" },
    { it: "is very long",              value: `${"a".repeat(300)}:1`, says: "nodes/x is no engine: a value of 302 characters" },
  ];
  for (const { it: title, value, says } of bad) {
    it(`skips an entry, and only that one, that ${title}`, () => {
      const update = readEntries("nodes", [entry("w", "b:2"), entry("x", value), entry("y", "c:3")]);
      expect(addressesOf(update)).to.deep.equal(["b:2", "c:3"]);
      expect(warningsOf(update)).to.deep.equal([says]);
    });
  }

  it("names twenty of them and counts the rest", () => {
    const update = readEntries(
      "nodes",
      Array.from({ length: 25 }, (_, at) => entry(`${at}`, "x")),
    );
    expect(warningsOf(update)).to.have.length(21);
    expect(warningsOf(update)).to.include("nodes: 5 more entries that are no engines");
  });

  it("takes 10000 addresses and refuses one more", () => {
    const many = Array.from({ length: 10_001 }, (_, at) => entry(`${at}`, `n${at}:1`));
    expect(addressesOf(readEntries("nodes", many.slice(1)))).to.have.length(10_000);
    expect(warningsOf(readEntries("nodes", many))).to.equal("nodes holds more than 10000 addresses");
  });
});
