import { expect } from "chai";
import { parseExact, stringifyExact } from "../../src/docker/exact-json.ts";

describe("docker/exact-json", () => {
  // prettier-ignore
  const cases = [
    { it: "keeps every digit of a large integer",       text: '{"Hard":9223372036854775807,"Soft":-9223372036854775808}' },
    { it: "keeps them in lists",                        text: "[9007199254740993,1,9007199254740993]" },
    { it: "leaves digits in strings alone",             text: '{"a":"x 9223372036854775807","b\\"9223372036854775807":"\\\\"}' },
    { it: "leaves fractions and small numbers alone",   text: '{"a":0.12345678901234568,"b":1234567890123456,"c":-5,"d":true,"e":null}' },
  ];
  for (const c of cases) {
    it(c.it, () => expect(stringifyExact(parseExact(c.text))).to.equal(c.text));
  }

  it("reads ordinary numbers as numbers", () => {
    expect(parseExact('{"Memory":1073741824}')).to.deep.equal({ Memory: 1073741824 });
  });
});
