import { expect } from "chai";
import { bodyBoundary } from "../../src/proxy/body-boundary.ts";

describe("proxy/body-boundary", () => {
  // prettier-ignore
  const cases = [
    { it: "ends at once without a length",       headers: {},                              body: "",                                  rest: "next" },
    { it: "ends after the length",               headers: { "content-length": "4" },       body: "four",                              rest: "next" },
    { it: "ends after the last chunk",           headers: { "transfer-encoding": "chunked" }, body: "2\r\nab\r\n0\r\n\r\n",           rest: "next" },
    { it: "knows extensions and trailers",       headers: { "transfer-encoding": "chunked" }, body: "A;q=1\r\n0123456789\r\n0\r\nT: x\r\n\r\n", rest: "0\r\n\r\n" },
    { it: "is not misled by data like framing",  headers: { "transfer-encoding": "chunked" }, body: "5\r\n0\r\n\r\n\r\n0\r\n\r\n",    rest: "next" },
    { it: "ends where the framing breaks",       headers: { "transfer-encoding": "chunked" }, body: "GET / HTTP/1.1\r\n",             rest: "next" },
    { it: "ends at a bare line feed in a size line", headers: { "transfer-encoding": "chunked" }, body: "0;x",                        rest: "\n\nPOST / HTTP/1.1\nHost: x\n\n\r\n\r\n" },
    { it: "ends at a bare line feed in a trailer", headers: { "transfer-encoding": "chunked" }, body: "0\r\nT: x",                    rest: "\n\nPOST / HTTP/1.1\nHost: x\n\n\r\n\r\n" },
  ];
  for (const c of cases) {
    it(c.it, () => {
      for (const pieceBytes of [1, 3, 1000]) {
        const boundary = bodyBoundary({ headers: c.headers });
        const taken = { body: "", rest: "" };
        const bytes = Buffer.from(c.body + c.rest);
        for (let at = 0; at < bytes.length; at += pieceBytes) {
          const { body, rest } = boundary.take(bytes.subarray(at, at + pieceBytes));
          taken.body += body.toString();
          taken.rest += rest.toString();
        }
        expect(taken).to.deep.equal({ body: c.body, rest: c.rest });
      }
    });
  }

  it("ends a size line that never ends", () => {
    const boundary = bodyBoundary({ headers: { "transfer-encoding": "chunked" } });
    expect(boundary.take(Buffer.alloc(1000, "1")).body.length).to.be.below(300);
  });
});
