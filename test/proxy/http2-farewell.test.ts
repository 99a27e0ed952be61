import { expect } from "chai";
import { connect, constants, createServer } from "node:http2";
import { once } from "node:events";
import { connect as dial } from "node:net";
import { Duplex } from "node:stream";
import { Http2Farewell } from "../../src/proxy/http2-farewell.ts";

/** A frame of type DATA with so many bytes of payload. */
const frame = (bytes: number): Buffer => {
  const made = Buffer.alloc(9 + bytes, 7);
  made.writeUIntBE(bytes, 0, 3);
  return made;
};
const spoken = (...output: Buffer[]): Buffer => {
  const farewell = new Http2Farewell("node-2: why");
  for (const chunk of output) farewell.passed(chunk);
  return farewell.words();
};

describe("proxy/http2-farewell", () => {
  it("is a GOAWAY frame with the reason", () => {
    const words = spoken(frame(0));
    expect(words.subarray(0, 9).toString("hex")).to.equal("000013070000000000");
    expect(words.subarray(9, 17).toString("hex")).to.equal("7fffffff00000002");
    expect(words.subarray(17).toString()).to.equal("node-2: why");
  });

  // prettier-ignore
  const cases = [
    { it: "says nothing where no frame has been",              output: [],                                                  speaks: false },
    { it: "speaks between frames",                             output: [frame(3), frame(70_000), frame(0)],                 speaks: true },
    { it: "speaks after frames that came in one chunk",        output: [Buffer.concat([frame(3), frame(0), frame(500)])],   speaks: true },
    { it: "speaks after frames that came byte by byte",        output: [...frame(300)].map((byte) => Buffer.of(byte)),      speaks: true },
    { it: "says nothing in the middle of a header",            output: [frame(3), frame(3).subarray(0, 2)],                 speaks: false },
    { it: "says nothing after a header whose payload is due",  output: [frame(3).subarray(0, 9)],                           speaks: false },
    { it: "says nothing in the middle of a payload",           output: [frame(300).subarray(0, 200)],                       speaks: false },
  ];
  for (const { it: what, output, speaks } of cases) {
    it(what, () => {
      expect(spoken(...output).length > 0).to.equal(speaks);
    });
  }

  it("is understood by an HTTP/2 client", async () => {
    const server = createServer();
    server.on("session", (session) => session.on("error", () => undefined));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const farewell = new Http2Farewell("node-2: why");
    const { port } = server.address() as { port: number };
    const upstream = dial(port, "127.0.0.1");
    const relay = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => void upstream.write(chunk, () => done()),
    });
    upstream.on("data", (chunk: Buffer) => {
      farewell.passed(chunk);
      relay.push(chunk);
    });
    const client = connect("http://127.0.0.1", { createConnection: () => relay });
    client.on("error", () => undefined);
    await once(client, "remoteSettings");
    const told = once(client, "goaway") as Promise<[number, number, Buffer]>;
    relay.push(farewell.words());
    const [code, , reason] = await told;
    expect([code, reason.toString()]).to.deep.equal([constants.NGHTTP2_INTERNAL_ERROR, "node-2: why"]);
    client.destroy();
    upstream.destroy();
    server.close();
  });
});
