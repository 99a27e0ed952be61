import { maxHeaderSize } from "node:http";
import { expect } from "chai";
import { AnswerParser, TooLargeError } from "../../src/docker/answer-parser.ts";

const MAX_BYTES = 1_000;

/** Reads an answer that comes in pieces of this many bytes, in memory that is overwritten like a socket's. */
function read(
  text: string,
  { method = "GET", step = text.length, ends = false, parser = new AnswerParser() } = {},
) {
  parser.expect(method, MAX_BYTES);
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += step) {
    const piece = Buffer.from(bytes.subarray(at, at + step));
    parser.take(piece);
    piece.fill("#");
  }
  if (ends) parser.end();
  const answer = parser.takeAnswer();
  return answer && { status: answer.status, body: answer.body.toString(), keptMs: parser.keptMs };
}

const lines = (...all: string[]): string => all.map((line) => `${line}\r\n`).join("");

describe("docker/answer-parser", () => {
  // prettier-ignore
  const whole = [
    { it: "a body with a length",             text: `${lines("HTTP/1.1 200 OK", "Content-Length: 5", "")}hello`,                              status: 200, body: "hello" },
    { it: "an empty body",                    text: lines("HTTP/1.1 201 Created", "content-length:0", ""),                                    status: 201, body: "" },
    { it: "no reason",                        text: lines("HTTP/1.1 200", "Content-Length: 0", ""),                                           status: 200, body: "" },
    { it: "a length that is said twice",      text: `${lines("HTTP/1.1 200 OK", "Content-Length: 2", "CONTENT-LENGTH:  2 ", "")}{}`,          status: 200, body: "{}" },
    { it: "204 without a body",               text: lines("HTTP/1.1 204 No Content", ""),                                                     status: 204, body: "" },
    { it: "304 without the body it announces", text: lines("HTTP/1.1 304 Not Modified", "Content-Length: 9", ""),                             status: 304, body: "" },
    { it: "chunks",                           text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "3", "abc", "A", "0123456789", "0", ""), status: 200, body: "abc0123456789" },
    { it: "chunks with line ends in them",    text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "6", "\r\n0\r\n\r", "0", ""), status: 200, body: "\r\n0\r\n\r" },
    { it: "chunks with extensions, trailers", text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: Chunked", "", "2;a=b", "ab", "0 ", "X: y", ""), status: 200, body: "ab" },
    { it: "no chunks",                        text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "0", ""),                      status: 200, body: "" },
    { it: "an answer behind interim ones",    text: `${lines("HTTP/1.1 100 Continue", "")}${lines("HTTP/1.1 103 Early Hints", "Link: <x>", "Content-Length: 7", "")}${lines("HTTP/1.1 200 OK", "Content-Length: 2", "")}{}`, status: 200, body: "{}" },
    { it: "bytes that are no ASCII",          text: `${lines("HTTP/1.1 200 \xe9", "Content-Length: 2", "X: \xff", "")}\xc3\xa9`,              status: 200, body: "é" },
  ];
  for (const { it: title, text, status, body } of whole) {
    it(`reads ${title}, whatever pieces it comes in`, () => {
      for (let step = 1; step <= text.length; step++)
        expect(read(text, { step }), `${step}`).to.deep.equal({ status, body, keptMs: Infinity });
    });

    it(`waits for all of ${title}`, () => {
      for (let length = 0; length < text.length; length++)
        expect(read(text.slice(0, length), { ends: true }), `${length}`).to.equal(undefined);
    });
  }

  it("reads up to the end of the connection when nothing else says where it ends", () => {
    const text = `${lines("HTTP/1.0 400 Bad Request", "")}no`;
    expect(read(text)).to.equal(undefined);
    expect(read(text, { ends: true })).to.deep.equal({ status: 400, body: "no", keptMs: 0 });
    const coded = `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: gzip", "")}zz`;
    expect(read(coded, { ends: true })).to.deep.equal({ status: 200, body: "zz", keptMs: 0 });
  });

  it("expects no body of an answer to HEAD", () => {
    const text = lines("HTTP/1.1 200 OK", "Content-Length: 9", "");
    expect(read(text, { method: "HEAD" })).to.deep.equal({ status: 200, body: "", keptMs: Infinity });
  });

  it("reads one answer after the other", () => {
    const parser = new AnswerParser();
    const text = lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "1", "a", "0", "");
    for (let n = 0; n < 3; n++) expect(read(text, { parser })?.body).to.equal("a");
    expect(read(`${lines("HTTP/1.1 200 OK", "Content-Length: 1", "")}b`, { parser })?.body).to.equal("b");
  });

  // prettier-ignore
  const kept = [
    { it: "as long as it likes",            head: ["HTTP/1.1 200 OK"],                                                    ms: Infinity },
    { it: "not at all, as it says",         head: ["HTTP/1.1 200 OK", "Connection: Close"],                               ms: 0 },
    { it: "not at all, among other things", head: ["HTTP/1.1 200 OK", "Connection: foo, close"],                          ms: 0 },
    { it: "not at all, as HTTP/1.0",        head: ["HTTP/1.0 200 OK"],                                                    ms: 0 },
    { it: "on, though HTTP/1.0",            head: ["HTTP/1.0 200 OK", "Connection: keep-alive"],                          ms: Infinity },
    { it: "a second less than it says",     head: ["HTTP/1.1 200 OK", "Connection: keep-alive", "Keep-Alive: timeout=5"], ms: 4_000 },
    { it: "that, in whatever order",        head: ["HTTP/1.1 200 OK", "Keep-Alive: timeout=1", "Connection: keep-alive"], ms: 0 },
    { it: "for ever after no last word",    head: ["HTTP/1.1 200 OK", "Connection: close", "Connection: keep-alive"],     ms: 0 },
    { it: "as HTTP/1.0 says",               head: ["HTTP/1.0 200 OK", "Keep-Alive: timeout=5", "Connection: keep-alive"], ms: 4_000 },
    { it: "not at all for a second",        head: ["HTTP/1.1 200 OK", "Keep-Alive: max=3, timeout=1"],                    ms: 0 },
  ];
  for (const { it: title, head, ms } of kept) {
    it(`knows that the engine keeps the connection ${title}`, () => {
      expect(read(lines(...head, "Content-Length: 0", ""))?.keptMs).to.equal(ms);
    });
  }

  it("does not use a connection again on which more came than was asked for", () => {
    const text = lines("HTTP/1.1 204 No Content", "");
    expect(read(`${text}H`)).to.deep.equal({ status: 204, body: "", keptMs: 0 });
  });

  // prettier-ignore
  const bad = [
    { it: "another protocol",             text: "SSH-2.0-x\r\n",                                                                      code: "HPE_INVALID_CONSTANT" },
    { it: "another protocol's first byte", text: "S",                                                                                 code: "HPE_INVALID_CONSTANT" },
    { it: "HTTP/2",                       text: lines("HTTP/2 200", ""),                                                              code: "HPE_INVALID_CONSTANT" },
    { it: "no status",                    text: lines("HTTP/1.1 OK", ""),                                                             code: "HPE_INVALID_STATUS" },
    { it: "a status of four digits",      text: lines("HTTP/1.1 2000 OK", ""),                                                        code: "HPE_INVALID_STATUS" },
    { it: "another protocol from now on", text: lines("HTTP/1.1 101 Switching Protocols", ""),                                        code: "HPE_INVALID_STATUS" },
    { it: "a line without a colon",       text: lines("HTTP/1.1 200 OK", "nothing", ""),                                              code: "HPE_INVALID_HEADER_TOKEN" },
    { it: "a header without a name",      text: lines("HTTP/1.1 200 OK", ": x", ""),                                                  code: "HPE_INVALID_HEADER_TOKEN" },
    { it: "a space behind a name",        text: lines("HTTP/1.1 200 OK", "Content-Length : 3", ""),                                   code: "HPE_INVALID_HEADER_TOKEN" },
    { it: "a line that goes on",          text: lines("HTTP/1.1 200 OK", "X: y", " Z: 1", ""),                                        code: "HPE_INVALID_HEADER_TOKEN" },
    { it: "a bare line feed",             text: `HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n`,                                         code: "HPE_CR_EXPECTED" },
    { it: "two lengths",                  text: lines("HTTP/1.1 200 OK", "Content-Length: 1", "Content-Length: 2", ""),               code: "HPE_INVALID_CONTENT_LENGTH" },
    { it: "a length that is none",        text: lines("HTTP/1.1 200 OK", "Content-Length: 0x1", ""),                                  code: "HPE_INVALID_CONTENT_LENGTH" },
    { it: "a length of chunks",           text: lines("HTTP/1.1 200 OK", "Content-Length: 1", "Transfer-Encoding: chunked", ""),      code: "HPE_UNEXPECTED_CONTENT_LENGTH" },
    { it: "a chunk without a size",       text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "xyz"),                    code: "HPE_INVALID_CHUNK_SIZE" },
    { it: "a chunk longer than it says",  text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "1", "abc"),               code: "HPE_STRICT" },
    { it: "a size with a bare line feed", text: `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "")}1\na\r\n`,              code: "HPE_CR_EXPECTED" },
    { it: "an endless size line",         text: `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "")}1;${"x".repeat(9_999)}`, code: "HPE_INVALID_CHUNK_SIZE" },
    { it: "endless trailers",             text: `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "0")}${"X: y\r\n".repeat(99)}`, code: "HPE_HEADER_OVERFLOW" },
    { it: "an endless head",              text: `HTTP/1.1 200 OK\r\nX: ${"x".repeat(maxHeaderSize)}`,                                 code: "HPE_HEADER_OVERFLOW" },
  ];
  for (const { it: title, text, code } of bad) {
    it(`refuses ${title}`, () => {
      for (const step of [1, 7, text.length])
        expect(() => read(text, { step }), `${step}`)
          .to.throw("Parse Error: ")
          .with.property("code", code);
    });
  }

  it("refuses an answer that is too large, as soon as it says so", () => {
    expect(() => read(lines("HTTP/1.1 200 OK", "Content-Length: 1001", ""))).to.throw(TooLargeError);
    const chunks = lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", "5dc", "x".repeat(1_500));
    const endless = `${lines("HTTP/1.0 200 OK", "")}${"x".repeat(1_001)}`;
    for (const text of [chunks, endless]) expect(() => read(text, { step: 100 })).to.throw(TooLargeError);
    expect(read(`${lines("HTTP/1.1 200 OK", "Content-Length: 1000", "")}${"x".repeat(1_000)}`)).to.include({
      status: 200,
    });
  });

  it("hands an answer over once", () => {
    const parser = new AnswerParser();
    expect(read(`${lines("HTTP/1.1 200 OK", "Content-Length: 2", "")}{}`, { parser })?.body).to.equal("{}");
    expect(parser.takeAnswer()).to.equal(undefined);
  });
});
