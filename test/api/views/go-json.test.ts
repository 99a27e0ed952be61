import { expect } from "chai";
import { jsonSyntaxError } from "../../../src/api/views/go-json.ts";

describe("api/views/go-json", () => {
  // prettier-ignore
  const cases = [
    { text: "",                     says: "unexpected end of JSON input" },
    { text: "{",                    says: "unexpected end of JSON input" },
    { text: '{"a"',                 says: "unexpected end of JSON input" },
    { text: "x",                    says: "invalid character 'x' looking for beginning of value" },
    { text: "[,]",                  says: "invalid character ',' looking for beginning of value" },
    { text: "[1,]",                 says: "invalid character ']' looking for beginning of value" },
    { text: "{a:1}",                says: "invalid character 'a' looking for beginning of object key string" },
    { text: '{"a":1,}',             says: "invalid character '}' looking for beginning of object key string" },
    { text: '{"a"=1}',              says: "invalid character '=' after object key" },
    { text: '{"a":1 "b"}',          says: `invalid character '"' after object key:value pair` },
    { text: "[1 2]",                says: "invalid character '2' after array element" },
    { text: "{} x",                 says: "invalid character 'x' after top-level value" },
    { text: "01",                   says: "invalid character '1' after top-level value" },
    { text: "-x",                   says: "invalid character 'x' in numeric literal" },
    { text: "1.x",                  says: "invalid character 'x' after decimal point in numeric literal" },
    { text: "1e+x",                 says: "invalid character 'x' in exponent of numeric literal" },
    { text: "trux",                 says: "invalid character 'x' in literal true (expecting 'e')" },
    { text: '"\n"',                 says: String.raw`invalid character '\n' in string literal` },
    { text: String.raw`"\x"`,       says: "invalid character 'x' in string escape code" },
    { text: String.raw`"\u12g4"`,   says: String.raw`invalid character 'g' in \u hexadecimal character escape` },
    { text: "'a'",                  says: String.raw`invalid character '\'' looking for beginning of value` },
    { text: "é",                    says: "invalid character 'Ã' looking for beginning of value" },
    { text: "[".repeat(50_000),     says: "exceeded max depth" },
    { text: ' {"a":[1,-0.5e3,true,false,null,"\\u00e9\\n"],"b":{}} ', says: undefined },
  ];
  for (const { text, says } of cases) {
    it(`says ${says === undefined ? "nothing" : `"${says}"`} about ${text.slice(0, 20)}`, () => {
      expect(jsonSyntaxError(text)).to.equal(says);
      if (says === undefined) expect(() => void JSON.parse(text)).not.to.throw();
    });
  }
});
