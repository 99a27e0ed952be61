import { expect } from "chai";
import { ReplyReader } from "../../bench/client/reply-reader.ts";
import { seededRandom } from "../../bench/sections/picks.ts";

describe("bench/reply-reader", () => {
  const chunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n \r\n5\r\nworld\r\n0\r\n\r\n";
  // prettier-ignore
  const answers = [
    { it: "a body of known length",  text: "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world", status: 200, body: "hello world" },
    { it: "chunks",                  text: chunked,                                                    status: 200, body: "hello world" },
    { it: "an empty body",           text: "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",         status: 201, body: "" },
    { it: "an answer without a body", text: "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n",             status: 204, body: "" },
    { it: "a switch of protocols",   text: "HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n",             status: 101, body: "" },
  ];
  for (const { it: what, text, status, body } of answers) {
    it(`reads ${what}, in whatever pieces it comes`, () => {
      const random = seededRandom(1);
      for (let round = 0; round < 300; round++) {
        const reader = new ReplyReader("keep");
        const bytes = Buffer.from(`${text}HTTP/1.1 the next`);
        let at = 0;
        while (!reader.isDone) {
          // The memory of a piece is used again, as the connection does.
          const piece = Buffer.from(bytes.subarray(at, at + 1 + Math.floor(random() * (round % 20))));
          at += reader.read(piece);
          piece.fill(0);
        }
        expect(at).to.equal(text.length);
        const { reply } = reader;
        expect({ status: reply.status, body: reply.body.toString(), bytes: reply.bodyBytes }).to.deep.equal({
          ...{ status, body },
          bytes: body.length,
        });
      }
    });
  }

  it("only counts a body that nobody wants", () => {
    const reader = new ReplyReader("count");
    reader.read(Buffer.from(chunked));
    expect(reader.reply).to.include({ bodyBytes: 11, status: 200 });
    expect(reader.reply.body).to.have.length(0);
  });

  it("hands over a stream piece by piece, and takes its end for the end of an answer without length", () => {
    let seen = "";
    const reader = new ReplyReader((piece) => (seen += piece.toString()));
    reader.read(Buffer.from("HTTP/1.1 200 OK\r\nServer: x\r\n\r\none"));
    expect(reader.hasHead).to.equal(true);
    expect(seen).to.equal("one");
    reader.read(Buffer.from("two"));
    expect(reader.isDone).to.equal(false);
    reader.close();
    expect(reader.isDone).to.equal(true);
    expect(seen).to.equal("onetwo");
  });

  it("refuses chunks that are none", () => {
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(() => new ReplyReader("count").read(Buffer.from(`${head}zz\r\n`))).to.throw("cannot be read");
    expect(() => new ReplyReader("count").read(Buffer.from(`${head}1\r\nab`))).to.throw("cannot be read");
  });
});
