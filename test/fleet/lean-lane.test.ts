import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { ReplyReader, type Reply } from "../../bench/client/reply-reader.ts";
import { startSimulatedEngine, type SimulatedEngine } from "../../bench/fleet/index.ts";
import { LEAN_ROUTES } from "../../bench/fleet/lean-routes.ts";
import { seededRandom } from "../../bench/sections/picks.ts";

/** Sends bytes as they are, and reads so many answers. */
async function answersTo(
  addr: string,
  pieces: readonly (Buffer | Promise<Buffer>)[],
  count: number,
): Promise<Reply[]> {
  const [host = "", port = ""] = addr.split(":");
  const socket: Socket = connect({ host, port: Number(port), noDelay: true });
  const replies: Reply[] = [];
  let reader = new ReplyReader("keep");
  socket.on("data", (data: Buffer) => {
    for (let at = 0; at < data.length;) {
      at += reader.read(data.subarray(at));
      if (!reader.isDone) continue;
      replies.push(reader.reply);
      reader = new ReplyReader("keep");
    }
    if (replies.length === count) socket.destroy();
  });
  for (const piece of pieces) {
    socket.write(await piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await once(socket, "close");
  return replies;
}

const text = (method: string, path: string, body = "", more = ""): string =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\n${more}${body === "" ? "" : `Content-Length: ${body.length}\r\n`}\r\n${body}`;

describe("fleet/lean-lane", () => {
  let engine: SimulatedEngine;
  beforeEach(async () => {
    engine = await startSimulatedEngine({ name: "node-1", containers: [{ name: "c0" }, { name: "c1" }] });
  });
  afterEach(() => engine.dispose());

  const CREATE = '{"Image":"busybox"}';
  // prettier-ignore
  const requests: readonly (readonly [route: string, method: string, path: string, body?: string])[] = [
    ["GET /_ping",                "GET",  "/_ping"],
    ["GET /info",                 "GET",  "/v1.41/info"],
    ["GET /version",              "GET",  "/version"],
    // One of them: those made in one millisecond are listed in any order.
    ["GET /containers/json",      "GET",  "/v1.40/containers/json?all=1&filters=%7B%22name%22%3A%5B%22c0%22%5D%7D"],
    ["GET /containers/:id/json",  "GET",  "/v1.41/containers/c0/json"],
    ["GET /containers/:id/json",  "GET",  "/v1.41/containers/nobody/json"],
    ["POST /containers/create",   "POST", "/containers/create?name=made", CREATE],
    ["POST /containers/create",   "POST", "/containers/create?name=made", "{"],
    ["POST /containers/:id/start", "POST", "/containers/c0/start"],
    ["POST /containers/:id/stop", "POST", "/containers/c1/stop"],
    ["POST /containers/:id/kill", "POST", "/containers/c0/kill?signal=nope"],
    ["POST /containers/:id/exec", "POST", "/containers/c0/exec", '{"Cmd":["true"]}'],
    ["DELETE /containers/:id",    "DELETE", "/containers/c0?force=1"],
    ["GET /exec/:id/json",        "GET",  "/exec/nope/json"],
    ["GET /images/json",          "GET",  "/images/json"],
    ["GET /images/*name/json",    "GET",  "/images/busybox/json"],
    ["GET /networks",             "GET",  "/networks"],
    ["GET /volumes",              "GET",  "/volumes"],
  ];

  it("is tried here with each of its routes", () => {
    expect(new Set(requests.map(([route]) => route))).to.deep.equal(LEAN_ROUTES);
  });

  for (const [, method, path, body] of requests) {
    it(`answers ${method} ${path} as Node's server does`, async () => {
      const ask = async (more: string): Promise<object> => {
        await using own = await startSimulatedEngine({
          ...{
            name: "node-1",
            id: "one",
            containers: [
              { name: "c0", id: "a".repeat(64) },
              { name: "c1", id: "b".repeat(64) },
            ],
          },
        });
        const [reply] = await answersTo(own.addr, [Buffer.from(text(method, path, body, more))], 1);
        const head = (reply?.head ?? "")
          .split("\r\n")
          .filter((line) => !/^(date|connection|keep-alive):/i.test(line));
        const timeless = (reply?.body.toString() ?? "")
          .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
          .replace(/[0-9a-f]{64}/g, "ID")
          .replace(/"Created":\d+/g, "CREATED");
        return { head: head.sort(), body: timeless };
      };
      // Node's server is asked with a header that the lane has no use for.
      expect(await ask("")).to.deep.equal(await ask("Connection: close\r\n"));
    });
  }

  it("reads requests in whatever pieces they come, and answers them in their order", async () => {
    const all = [
      text("GET", "/containers/c0/json"),
      text("POST", "/containers/create?name=made", CREATE),
      text("GET", "/containers/made/json"),
      text("GET", "/containers/c1/json"),
    ];
    const bytes = Buffer.from(all.join(""));
    const random = seededRandom(3);
    for (let round = 0; round < 15; round++) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < bytes.length;) {
        const length = 1 + Math.floor(random() * 60);
        pieces.push(bytes.subarray(at, at + length));
        at += length;
      }
      const replies = await answersTo(engine.addr, pieces, 4);
      const names = replies.map(({ status, body }) => [
        status,
        (JSON.parse(body.toString()) as { Name?: string }).Name,
      ]);
      expect(names).to.deep.equal([
        [200, "/c0"],
        [201, undefined],
        [200, "/made"],
        [200, "/c1"],
      ]);
      engine.removeContainer("made");
    }
  });

  it("leaves what is not plain to Node's server, with everything behind it", async () => {
    const chunked = `POST /containers/create?name=made HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n${CREATE}\r\n0\r\n\r\n`;
    const bytes = Buffer.from(`${text("GET", "/_ping")}${chunked}${text("GET", "/containers/c0/json")}`);
    const replies = await answersTo(engine.addr, [bytes], 3);
    expect(replies.map(({ status }) => status)).to.deep.equal([200, 201, 200]);
    expect(engine.container("made").status).to.equal("created");
  });

  it("refuses versions it does not speak, also after one that it does", async () => {
    const urls = ["/v1.41/info", "/v1.99/info", "/v1.41/info", "/v1.1/info"];
    const all = Buffer.from(urls.map((url) => text("GET", url)).join(""));
    const replies = await answersTo(engine.addr, [all], 4);
    expect(replies.map(({ status }) => status)).to.deep.equal([200, 400, 200, 400]);
  });

  it("serves the next request only when the one before has its answer", async () => {
    engine.slow(40);
    const second = new Promise<void>((resolve) => setTimeout(resolve, 10)).then(() => {
      engine.slow(0);
      return Buffer.from(text("GET", "/_ping"));
    });
    const replies = await answersTo(engine.addr, [Buffer.from(text("GET", "/info")), second], 2);
    expect(replies[1]?.body.toString()).to.equal("OK");
  });

  it("fails a planned request that comes on a connection of plain ones", async () => {
    engine.failNext("GET /info", 500, "no");
    const twice = Buffer.from(text("GET", "/info") + text("GET", "/info"));
    const replies = await answersTo(engine.addr, [twice], 2);
    expect(replies.map(({ status }) => status)).to.deep.equal([500, 200]);
  });

  it("remembers headers as Node gives them", async () => {
    await answersTo(engine.addr, [Buffer.from(text("GET", "/info", "", "X-One: a\r\nx-one:  b\r\n"))], 1);
    expect(engine.requests[0]?.headers).to.deep.equal({ host: "x", "x-one": "a, b" });
  });
});
