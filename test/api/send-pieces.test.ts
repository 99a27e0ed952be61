import { once } from "node:events";
import { createServer, request, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { sendJsonPieces } from "../../src/api/send-pieces.ts";

const MIB = 1024 * 1024;

describe("api/send-pieces", () => {
  let server: Server;
  let sent: Promise<void>;
  let pieces: readonly Buffer[];

  beforeEach(async () => {
    server = createServer((_req, res) => {
      sent = sendJsonPieces(res, 200, pieces);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });

  async function get(): Promise<IncomingMessage> {
    const { port } = server.address() as AddressInfo;
    const asked = request({ host: "127.0.0.1", port, agent: false }).end();
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    return answer;
  }

  async function read(answer: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  // prettier-ignore
  const cases = [
    { what: "nothing at all",            of: () => [] },
    { what: "an empty list",             of: () => [Buffer.from("["), Buffer.from("]\n")] },
    { what: "many small pieces",         of: () => Array.from({ length: 5_000 }, (_, n) => Buffer.from(`${n},`)) },
    { what: "more than a socket takes",  of: () => Array.from({ length: 40 }, (_, n) => Buffer.alloc(MIB, n)) },
  ];
  for (const { what, of } of cases)
    it(`sends ${what} as it is, with its length`, async () => {
      pieces = of();
      const answer = await get();
      const whole = Buffer.concat(pieces);
      expect(answer.headers).to.include({
        "content-type": "application/json",
        "content-length": String(whole.length),
      });
      expect(whole.equals(await read(answer))).to.equal(true);
      await sent;
    });

  it("waits for a slow client, and for nobody who has left", async () => {
    pieces = Array.from({ length: 100 }, () => Buffer.alloc(MIB));
    const answer = await get();
    let isSent = false;
    void sent.then(() => (isSent = true));
    await new Promise(setImmediate);
    expect(isSent).to.equal(false);
    answer.destroy();
    await sent;
  });
});
