import { expect } from "chai";
import { jsonTexts, JsonSplitter } from "../../src/docker/json-stream.ts";

/** What comes out when the bytes arrive in pieces of this size. */
async function split(text: string | Buffer, size = Infinity, maxChars?: number): Promise<string[]> {
  const bytes = Buffer.from(text as string);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size)
      yield await Promise.resolve(bytes.subarray(at, at + size));
  }
  const texts: string[] = [];
  for await (const json of jsonTexts(pieces(), maxChars)) texts.push(json);
  return texts;
}

describe("docker/json-stream", () => {
  // prettier-ignore
  const cases = [
    { it: "splits lines",                                 text: '{"a":1}\n{"b":2}\n',            out: ['{"a":1}', '{"b":2}'] },
    { it: "splits objects without a separator",           text: '{"a":1}{"b":2}',                out: ['{"a":1}', '{"b":2}'] },
    { it: "does not count braces inside strings",         text: '{"a":"}{"}{"b":"{"}',           out: ['{"a":"}{"}', '{"b":"{"}'] },
    { it: "knows an escaped quote",                       text: '{"a":"\\"}"}{"b":"\\\\"}',      out: ['{"a":"\\"}"}', '{"b":"\\\\"}'] },
    { it: "knows an escaped backslash from one that escapes", text: '{"a":"\\\\\\"}"}{"b":"\\\\"}', out: ['{"a":"\\\\\\"}"}', '{"b":"\\\\"}'] },
    { it: "keeps nested objects whole",                   text: '{"a":{"b":{}}} {}',             out: ['{"a":{"b":{}}}', "{}"] },
    { it: "keeps characters of several bytes whole",      text: '{"a":"ü€𝄞"}{"b":"𝄞"}',          out: ['{"a":"ü€𝄞"}', '{"b":"𝄞"}'] },
    { it: "skips what stands between objects",            text: 'x"}{"a":1}]}, "y {"b":2}',      out: ['{"a":1}', '{"b":2}'] },
    { it: "skips record separators",                      text: '\u001e{"a":1}\n\u001e{"b":2}',  out: ['{"a":1}', '{"b":2}'] },
    { it: "leaves out an object the end of stream cuts",  text: '{"a":1}{"b":',                  out: ['{"a":1}'] },
    { it: "finds nothing in an empty stream",             text: "",                              out: [] },
  ];
  for (const c of cases) {
    for (const size of [Infinity, 1, 2, 3]) {
      it(`${c.it}, in pieces of ${size}`, async () => expect(await split(c.text, size)).to.deep.equal(c.out));
    }
  }

  for (const size of [10, 1_000]) {
    it(`leaves out a message that is too large, and nothing else, in pieces of ${size}`, async () => {
      const large = `{"a":"${"{x}".repeat(2_000)}"}`;
      expect(await split(`{"b":1}${large}{"c":{"d":2}}`, size, 1_500)).to.deep.equal([
        '{"b":1}',
        '{"c":{"d":2}}',
      ]);
    });
  }

  for (const size of [1, 7, 10, 33]) {
    it(`finds the end of one that is too large by its quotes, in pieces of ${size}`, async () => {
      const large = JSON.stringify({ a: `${'\\"}{"'.repeat(40)}\\` });
      expect(await split(`${large}{"b":1}`, size, 50)).to.deep.equal(['{"b":1}']);
    });
  }

  it("hands an object on in the turn of its last byte", () => {
    const found: string[] = [];
    const splitter = new JsonSplitter((text) => found.push(text));
    splitter.push(Buffer.from('{"a":1}{"b"'));
    expect(found).to.deep.equal(['{"a":1}']);
    splitter.push(Buffer.from(":2}"));
    expect(found).to.deep.equal(['{"a":1}', '{"b":2}']);
  });

  it("counts one message, not the stream, against the limit", async () => {
    expect(await split('{"a":1}\n'.repeat(100), 10, 50)).to.have.length(100);
  });

  it("remembers nothing of endless garbage", async () => {
    expect(await split("x".repeat(1_000), 10, 50)).to.deep.equal([]);
  });
});
