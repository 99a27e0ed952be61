import { expect } from "chai";
import { labelProblem } from "../../src/nodes/node-label.ts";

describe("nodes/node-label", () => {
  // prettier-ignore
  const good = [
    { it: "a plain label",              key: "storage",              value: "ssd" },
    { it: "dots, dashes, underscores",  key: "com.example_rack-row", value: "1" },
    { it: "a key of one letter",        key: "k",                    value: "v" },
    { it: "an empty value",             key: "spare",                value: "" },
    { it: "the slots of a node",        key: "containerslots",       value: "3" },
    { it: "any words as a value",       key: "owner",                value: "Zoë, floor 2 = attic" },
    { it: "the longest there is",       key: "k".repeat(128),        value: "v".repeat(256) },
  ];
  for (const { it: what, key, value } of good) {
    it(`takes ${what}`, () => expect(labelProblem(key, value)).to.equal(undefined));
  }

  // prettier-ignore
  const bad = [
    { it: "an empty key",               key: "",                     value: "v",       says: /not a label's key/ },
    { it: "a key with a slash",         key: "example.com/rack",     value: "v",       says: /not a label's key/ },
    { it: "a key that begins with a digit", key: "1st",              value: "v",       says: /not a label's key/ },
    { it: "a key with a blank",         key: "a b",                  value: "v",       says: /not a label's key/ },
    { it: "a key with an equals sign",  key: "a=b",                  value: "v",       says: /not a label's key/ },
    { it: "a line end in a key",        key: "a\n",                  value: "v",       says: /not a label's key/ },
    { it: "the key node",               key: "node",                 value: "v",       says: /what constraints call a node/ },
    { it: "the key Node",               key: "Node",                 value: "v",       says: /what constraints call a node/ },
    { it: "storagedriver",              key: "storagedriver",        value: "v",       says: /built in/ },
    { it: "kernelversion",              key: "kernelversion",        value: "v",       says: /built in/ },
    { it: "operatingsystem",            key: "operatingsystem",      value: "v",       says: /built in/ },
    { it: "ostype",                     key: "ostype",               value: "windows", says: /built in/ },
    { it: "a longer key",               key: "k".repeat(129),        value: "v",       says: /longer than 128/ },
    { it: "a longer value",             key: "k",                    value: "v".repeat(257), says: /longer than 256/ },
    { it: "a line end in a value",      key: "k",                    value: "a\nb",    says: /control characters/ },
    { it: "an escape in a value",       key: "k",                    value: "\u001b[1m", says: /control characters/ },
    { it: "half a character",           key: "k",                    value: "\ud800",  says: /control characters/ },
  ];
  for (const { it: what, key, value, says } of bad) {
    it(`refuses ${what}`, () => expect(labelProblem(key, value)).to.match(says));
  }
});
