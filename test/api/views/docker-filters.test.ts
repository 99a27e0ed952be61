import { expect } from "chai";
import {
  hasLabels,
  parseFilters,
  parseGoBool,
  parseGoInt,
  refuseUnknownKeys,
} from "../../../src/api/views/docker-filters.ts";
import { filters, refusal } from "./builders.ts";

describe("api/views/docker-filters", () => {
  // prettier-ignore
  const decoded = [
    { it: "reads the map form",                          raw: '{"a":{"x":true,"y":true}}',    is: { a: ["x", "y"] } },
    { it: "reads the older list form",                   raw: '{"a":["x","y","x"]}',          is: { a: ["x", "y"] } },
    { it: "keeps a value whose flag is false, as Go does", raw: '{"a":{"x":false}}',          is: { a: ["x"] } },
    { it: "takes null for no filter",                    raw: "null",                         is: {} },
    { it: "takes empty text for no filter",              raw: "",                             is: {} },
    { it: "takes an absent parameter for no filter",     raw: undefined,                      is: {} },
    { it: "keeps a key without values",                  raw: '{"a":{},"b":null}',            is: { a: [], b: [] } },
    { it: "reads a key that looks like a trap",          raw: '{"__proto__":["x"]}',          is: JSON.parse('{"__proto__":["x"]}') as Record<string, string[]> },
  ];
  for (const c of decoded) {
    it(c.it, () => expect([...parseFilters(c.raw)]).to.deep.equal(Object.entries(c.is)));
  }

  // prettier-ignore
  const refused = [
    { raw: "{",                       says: "500 unexpected end of JSON input" },
    { raw: "x",                       says: "500 invalid character 'x' looking for beginning of value" },
    { raw: "[]",                      says: "500 json: cannot unmarshal array into Go value of type map[string]map[string]bool" },
    { raw: '"a"',                     says: "500 json: cannot unmarshal string into Go value of type map[string]map[string]bool" },
    { raw: '{"a":true}',              says: "500 json: cannot unmarshal bool into Go value of type map[string]bool" },
    { raw: '{"a":["x",1]}',           says: "500 json: cannot unmarshal array into Go value of type map[string]bool" },
    { raw: '{"a":{"x":1}}',           says: "500 json: cannot unmarshal number into Go value of type bool" },
    { raw: '{"a":{"x":true},"b":["y"]}', says: "500 json: cannot unmarshal array into Go value of type map[string]bool" },
    { raw: `{"a":["${"x".repeat(70_000)}"]}`, says: "400 filters: longer than 65536 characters" },
    { raw: JSON.stringify({ a: Array.from({ length: 1_001 }, (_, n) => String(n)) }), says: "400 filters: more than 1000 values" },
  ];
  for (const { raw, says } of refused) {
    it(`refuses ${raw.slice(0, 30)}`, () => expect(refusal(() => parseFilters(raw))).to.equal(says));
  }

  it("answers the status the endpoint wants for malformed text", () => {
    expect(refusal(() => parseFilters("{", 400))).to.equal("400 unexpected end of JSON input");
  });

  // prettier-ignore
  const versions = [
    { version: "1.41",    says: "400 Invalid filter 'b'" },
    { version: "1.100",   says: "400 Invalid filter 'b'" },
    { version: "1.40",    says: "nothing" },
    { version: undefined, says: "nothing" },
  ];
  for (const { version, says } of versions) {
    it(`says ${says} about an unknown key to a client of ${version ?? "no version"}`, () => {
      const refuse = () => refuseUnknownKeys(filters({ a: [], b: [] }), new Set(["a"]), version);
      expect(refusal(refuse)).to.equal(says);
    });
  }

  // prettier-ignore
  const labelled = [
    { asked: ["k"],               has: true },
    { asked: ["k=v"],             has: true },
    { asked: ["k=w"],             has: false },
    { asked: ["k", "e="],         has: true },
    { asked: ["k", "missing"],    has: false },
    { asked: ["eq=a=b"],          has: true },
    { asked: ["toString"],        has: false },
  ];
  for (const { asked, has } of labelled) {
    it(`finds labels ${asked.join(" and ")}: ${has}`, () => {
      expect(hasLabels({ k: "v", e: "", eq: "a=b" }, asked)).to.equal(has);
    });
  }
  it("finds no label where there are none", () => {
    expect(hasLabels(null, ["k"])).to.equal(false);
    expect(hasLabels(null, [])).to.equal(true);
  });

  it("reads booleans as Go does", () => {
    expect(["1", "t", "True", "0", "F", "yes", ""].map(parseGoBool)).to.deep.equal([
      true,
      true,
      true,
      false,
      false,
      undefined,
      undefined,
    ]);
  });

  it("reads integers as Go does", () => {
    expect(["7", "+7", "-7", "007"].map(parseGoInt)).to.deep.equal([7, 7, -7, 7]);
    expect(refusal(() => parseGoInt("x"))).to.equal('500 strconv.Atoi: parsing "x": invalid syntax');
    expect(refusal(() => parseGoInt(""))).to.equal('500 strconv.Atoi: parsing "": invalid syntax');
    expect(refusal(() => parseGoInt("9".repeat(20)))).to.equal(
      `500 strconv.Atoi: parsing "${"9".repeat(20)}": value out of range`,
    );
  });
});
