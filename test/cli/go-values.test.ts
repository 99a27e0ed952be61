import { expect } from "chai";
import { parseGoBool, parseGoFloat, parseGoInt } from "../../src/cli/go-values.ts";

describe("cli/go-values", () => {
  // prettier-ignore
  const bools = [
    ...["1", "t", "T", "true", "TRUE", "True"].map((text) => ({ text, is: true })),
    ...["0", "f", "F", "false", "FALSE", "False"].map((text) => ({ text, is: false })),
    ...["", "yes", "on", "tRUE", "2"].map((text) => ({ text, is: undefined })),
  ];
  for (const c of bools) {
    it(`reads the boolean ${JSON.stringify(c.text)} as ${c.is}`, () => {
      expect(parseGoBool(c.text)).to.equal(c.is);
    });
  }

  // prettier-ignore
  const ints = [
    { text: "0",     is: 0 },  { text: "12",   is: 12 },  { text: "-3",  is: -3 }, { text: "+3",   is: 3 },
    { text: "0x10",  is: 16 }, { text: "010",  is: 8 },   { text: "0o17", is: 15 }, { text: "0b11", is: 3 },
    { text: "08", is: undefined }, { text: "", is: undefined }, { text: "1.5", is: undefined }, { text: "foo", is: undefined },
    { text: "99999999999999999999", is: undefined },
  ];
  for (const c of ints) {
    it(`reads the whole number ${JSON.stringify(c.text)} as ${c.is}`, () => {
      expect(parseGoInt(c.text)).to.equal(c.is);
    });
  }

  // prettier-ignore
  const floats = [
    { text: "0.05", is: 0.05 }, { text: "-.5", is: -0.5 }, { text: "1e2", is: 100 }, { text: "2.", is: 2 },
    { text: "", is: undefined }, { text: ".", is: undefined }, { text: "NaN", is: undefined }, { text: "1e999", is: undefined },
    { text: "0x1", is: undefined }, { text: " 1", is: undefined },
  ];
  for (const c of floats) {
    it(`reads the number ${JSON.stringify(c.text)} as ${c.is}`, () => {
      expect(parseGoFloat(c.text)).to.equal(c.is);
    });
  }
});
