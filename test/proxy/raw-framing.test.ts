import { expect } from "chai";
import { rawFraming, type RawFraming } from "../../src/proxy/raw-framing.ts";
import { seeded } from "../support/seeded.ts";

const chunked = (): RawFraming => {
  const framing = rawFraming({ headers: { "transfer-encoding": "chunked" } });
  if (framing === undefined) throw new Error("no framing");
  return framing;
};

/** Feeds it piece by piece; what it passes on. */
function fed(framing: RawFraming, pieces: readonly Buffer[]): string {
  let passed = "";
  for (const piece of pieces) framing.take(piece, (part) => (passed += part.toString("latin1")));
  return passed;
}

const cut = (bytes: Buffer, random: () => number): Buffer[] => {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const step = random() < 0.5 ? 1 : 1 + Math.floor(random() * 40);
    pieces.push(bytes.subarray(at, at + step));
    at += step;
  }
  return pieces;
};

describe("proxy/raw-framing", () => {
  it("passes on all of a chunked body but its end, however it is cut", () => {
    const random = seeded(1);
    for (let round = 0; round < 500; round++) {
      let body = "";
      for (let left = Math.floor(random() * 6); left > 0; left--) {
        const size = 1 + Math.floor(random() * 30);
        const extension = random() < 0.2 ? ";a=b" : "";
        body += `${random() < 0.2 ? "00" : ""}${size.toString(16)}${extension}\r\n${"\r\n0;x".repeat(6).slice(0, size)}\r\n`;
      }
      const end = random() < 0.3 ? "0\r\nTrailer: 1\r\n\r\n" : random() < 0.5 ? "000;e\r\n\r\n" : "0\r\n\r\n";
      const framing = chunked();
      const pieces = cut(Buffer.from(body + end), random);
      expect(fed(framing, pieces.slice(0, -1)).length).to.be.at.most(body.length);
      expect(framing.state).to.equal("open");
      framing.take(pieces.at(-1) ?? Buffer.alloc(0), () => undefined);
      expect(framing.state).to.equal("done");
      expect(fed(chunked(), pieces)).to.equal(body);
    }
  });

  it("passes on what it has of a chunk at once", () => {
    const framing = chunked();
    expect(fed(framing, [Buffer.from("5\r\nab")])).to.equal("5\r\nab");
    expect(fed(framing, [Buffer.from("cde\r\n3")])).to.equal("cde\r\n");
    expect(fed(framing, [Buffer.from("\r\nx")])).to.equal("3\r\nx");
  });

  it("passes a piece on without a copy", () => {
    const piece = Buffer.from("3\r\nabc\r\n");
    chunked().take(piece, (part) => expect(part).to.equal(piece));
  });

  // prettier-ignore
  const broken = [
    { it: "a size that is none",            text: "g\r\n" },
    { it: "an empty size line",             text: "\r\n" },
    { it: "a line that ends without CR",    text: "5\nhello" },
    { it: "a line without an end",          text: "5".repeat(300) },
    { it: "a size beyond all measure",      text: "fffffffffffff\r\n" },
    { it: "a trailer that ends without CR", text: "0\r\n\n" },
  ];
  for (const { it: what, text } of broken) {
    it(`breaks at ${what}, in one piece or in many`, () => {
      for (const pieces of [[Buffer.from(text)], cut(Buffer.from(text), () => 0)]) {
        const framing = chunked();
        expect(fed(framing, pieces)).to.equal("");
        expect(framing.state).to.equal("broken");
      }
    });
  }

  it("passes on as many bytes as the length says", () => {
    const framing = rawFraming({ headers: { "content-length": "5" } });
    expect(framing && fed(framing, [Buffer.from("abc")])).to.equal("abc");
    expect(framing?.state).to.equal("open");
    expect(framing && fed(framing, [Buffer.from("defg")])).to.equal("de");
    expect(framing?.state).to.equal("done");
  });

  it("knows no other framing", () => {
    for (const headers of [{}, { "content-length": "x" }, { "transfer-encoding": "gzip" }])
      expect(rawFraming({ headers })).to.equal(undefined);
  });
});
