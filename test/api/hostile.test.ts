import { expect } from "chai";
import { readdirSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { rawConnection, startManager, until, type TestManager } from "./support.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const MIB = 1 << 20;
const nested = (depth: number, open: string, close: string): string =>
  open.repeat(depth) + close.repeat(depth);

describe("api/hostile input", function () {
  this.timeout(30_000);
  let manager: TestManager;
  before(async () => {
    manager = await startManager();
    await manager.run({}, "web");
  });
  after(() => manager[Symbol.asyncDispose]());
  const ask: TestManager["ask"] = (method, path, given) => manager.ask(method, path, given);
  const create = (body: unknown) => ask("POST", "/v1.41/containers/create", { body });

  // prettier-ignore
  const bodies: readonly { it: string; body: string | Buffer; status: number; text: RegExp }[] = [
    { it: "no body",               body: "",                                              status: 400, text: /^EOF$/ },
    { it: "blanks",                body: " \n ",                                          status: 400, text: /^EOF$/ },
    { it: "half an object",        body: '{"Image":"busybox"',                            status: 400, text: /^unexpected EOF$/ },
    { it: "no JSON",               body: "Image=busybox",                                 status: 400, text: /^invalid character 'I' looking for beginning of value$/ },
    { it: "two objects",           body: '{"Image":"busybox"}{}',                         status: 400, text: /after top-level value/ },
    { it: "a list",                body: "[]",                                            status: 400, text: /cannot unmarshal array/ },
    { it: "a text",                body: '"x"',                                           status: 400, text: /cannot unmarshal string/ },
    { it: "a mistyped image",      body: '{"Image":5}',                                   status: 400, text: /cannot unmarshal number .*Image/ },
    { it: "an image list",         body: '{"Image":["busybox"]}',                         status: 400, text: /cannot unmarshal array .*Image/ },
    { it: "mistyped labels",       body: '{"Image":"busybox","Labels":{"a":1}}',          status: 400, text: /cannot unmarshal number/ },
    { it: "a label list",          body: '{"Image":"busybox","Labels":["a"]}',            status: 400, text: /cannot unmarshal array/ },
    { it: "mistyped environment",  body: '{"Image":"busybox","Env":"A=b"}',               status: 400, text: /cannot unmarshal string/ },
    { it: "a host config text",    body: '{"Image":"busybox","HostConfig":"x"}',          status: 400, text: /cannot unmarshal string .*HostConfig/ },
    { it: "memory in words",       body: '{"Image":"busybox","HostConfig":{"Memory":"1g"}}', status: 400, text: /cannot unmarshal string .*Memory/ },
    { it: "half a byte of memory", body: '{"Image":"busybox","HostConfig":{"Memory":1.5}}', status: 400, text: /cannot unmarshal number 1.5/ },
    { it: "mistyped ports",        body: '{"Image":"busybox","HostConfig":{"PortBindings":{"80/tcp":{}}}}', status: 400, text: /cannot unmarshal object/ },
    { it: "mistyped bindings",     body: '{"Image":"busybox","HostConfig":{"PortBindings":{"80/tcp":[5]}}}', status: 400, text: /cannot unmarshal number/ },
    { it: "mistyped networks",     body: '{"Image":"busybox","NetworkingConfig":7}',      status: 400, text: /cannot unmarshal number .*NetworkingConfig/ },
    { it: "mistyped endpoints",    body: '{"Image":"busybox","NetworkingConfig":{"EndpointsConfig":"abc"}}', status: 400, text: /cannot unmarshal string .*EndpointsConfig/ },
    { it: "bytes that are no text", body: Buffer.from([0xff, 0xfe, 0x00, 0x7b]),          status: 400, text: /invalid character/ },
    { it: "100,000 open lists",    body: "[".repeat(100_000),                             status: 400, text: /max depth/ },
    { it: "100,000 nested lists",  body: `{"Image":"busybox","X":${nested(100_000, "[", "]")}}`, status: 400, text: /max depth/ },
    { it: "100,000 nested objects", body: `{"Image":"busybox","X":${nested(100_000, '{"a":', "}").replace(":}", ":1}")}}`, status: 400, text: /max depth/ },
    { it: "5,000 nested lists",    body: `{"Image":"busybox","X":${nested(5_000, "[", "]")}}`, status: 400, text: /max depth/ },
    { it: "3 MiB of nonsense",     body: "x".repeat(3 * MIB),                             status: 400, text: /invalid character/ },
    { it: "a 10 MiB body",         body: `{"Image":"${"x".repeat(10 * MIB)}"}`,           status: 413, text: /too large/ },
    { it: "a 10 MiB label",        body: `{"Image":"busybox","Labels":{"a":"${"x".repeat(10 * MIB)}"}}`, status: 413, text: /too large/ },
  ];
  for (const { it: what, body, status, text } of bodies) {
    it(`answers ${status} to a create with ${what}`, async () => {
      const answer = await create(body);
      expect(answer.status, answer.text.slice(0, 200)).to.equal(status);
      expect(answer.message).to.match(text);
      expect(answer.headers["content-type"]).to.equal("application/json");
    });
    it(`answers an error to an exec with ${what}`, async () => {
      const answer = await ask("POST", "/v1.41/containers/web/exec", { body });
      expect(answer.status, answer.text.slice(0, 200)).to.be.oneOf([400, 413]);
      expect(answer.message).to.not.equal("");
    });
  }

  it("answers 413 before the upload ends when it is chunked", async () => {
    const connection = await rawConnection(manager.port);
    connection.socket.write(
      "POST /containers/create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = `${MIB.toString(16)}\r\n${"x".repeat(MIB)}\r\n`;
    for (let n = 0; n < 6; n++) connection.socket.write(chunk);
    await connection.sees("413 Payload Too Large");
    await connection.sees("request body too large");
    connection.socket.destroy();
  });

  it("lets an upload run on that it has refused already, so that the answer is not lost", async () => {
    const connection = await rawConnection(manager.port);
    let failure: Error | undefined;
    connection.socket.on("error", (error) => (failure = error));
    connection.socket.write(
      `POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: ${8 * MIB}\r\n\r\n`,
    );
    await connection.sees("request body too large");
    for (let n = 0; n < 8; n++) {
      await new Promise((resolve) => connection.socket.write("x".repeat(MIB), resolve));
    }
    await connection.closed;
    expect(failure).to.equal(undefined);
    connection.socket.destroy();
  });

  it("takes labels of a megabyte", async () => {
    const id = await manager.create({ Labels: { big: "x".repeat(MIB) } });
    expect((await ask("DELETE", `/containers/${id}`)).status).to.equal(204);
  });

  it("takes names of fields that JavaScript knows too", async () => {
    const body =
      '{"Image":"busybox","__proto__":{"Image":"x"},"constructor":1,"Labels":{"__proto__":"a","toString":"b"}}';
    const answer = await create(body);
    expect(answer.status, answer.text).to.equal(201);
    expect(({} as { Image?: unknown }).Image).to.equal(undefined);
    await ask("DELETE", `/containers/${(answer.json() as { Id: string }).Id}`);
  });

  const patterns = [
    "(a+)+$",
    "(x+x+)+y",
    "a{1000}{1000}",
    `${"(".repeat(500)}a${")*".repeat(500)}`,
    "[",
    "(?<n>a)\\1",
    "\u0000",
  ];
  for (const pattern of patterns) {
    it(`survives the pattern ${JSON.stringify(pattern.slice(0, 20))} in filters and constraints`, async () => {
      const filters = encodeURIComponent(JSON.stringify({ name: [pattern], id: [pattern], node: [pattern] }));
      expect((await ask("GET", `/containers/json?filters=${filters}`)).status).to.equal(200);
      const answer = await create({ Image: "busybox", Env: [`constraint:node==/${pattern}/`] });
      expect(answer.status).to.equal(500);
      expect(answer.message).to.include("constraint");
    });
  }

  // prettier-ignore
  const queries = [
    { path: `/containers/json?filters=${"x".repeat(20_000)}`,                          status: 500 },
    { path: "/containers/json?filters=%7B",                                            status: 500 },
    { path: "/containers/json?filters=%ff%fe",                                         status: 500 },
    { path: "/containers/json?filters=%5B%5D",                                         status: 500 },
    { path: `/containers/json?filters=${encodeURIComponent(nested(3_000, "[", "]"))}`, status: 500 },
    { path: `/containers/json?filters=${encodeURIComponent('{"__proto__":{"x":true}}')}`, status: 200 },
    { path: `/containers/json?${"a=b&".repeat(4_000)}`,                                status: 200 },
    { path: "/containers/json?limit=99999999999999999999999",                          status: 200 },
    { path: "/containers/json?before=nope",                                            status: 404 },
    { path: `/containers/${"x".repeat(10_000)}/json`,                                  status: 404 },
    { path: "/containers/%00/json",                                                    status: 404 },
    { path: "/containers/%0d%0aX-Evil:%201/json",                                      status: 404 },
    { path: `/containers/${"a/".repeat(5_000)}json`,                                   status: 404 },
    { path: "/exec/%2e%2e%2finfo/json",                                                status: 404 },
    { path: "/images/%2e%2e/json",                                                     status: 404 },
    { path: "/events?since=x",                                                         status: 400 },
    { path: "/events?filters=%7B",                                                     status: 400 },
  ];
  for (const { path, status } of queries) {
    it(`answers ${status} to GET ${path.slice(0, 60)}`, async () => {
      const answer = await ask("GET", path);
      expect(answer.status, answer.text.slice(0, 200)).to.equal(status);
      if (status >= 400) expect(answer.message).to.be.a("string").and.not.equal("");
      expect(answer.headers).to.not.have.property("x-evil");
    });
  }

  it("answers 431 in JSON to headers of more than a megabyte, and takes long ones", async () => {
    const long = await ask("GET", "/_ping", { headers: { "X-Registry-Config": "x".repeat(500_000) } });
    expect(long.status).to.equal(200);
    const connection = await rawConnection(manager.port);
    connection.socket.write(`GET /_ping HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(2 * MIB)}\r\n\r\n`);
    await connection.closed;
    expect(connection.text())
      .to.match(/^HTTP\/1\.1 431 /)
      .and.to.match(/\{"message":"request headers too large"\}\n$/);
    connection.socket.destroy();
  });

  it("answers in JSON when the framing of a body breaks", async () => {
    const connection = await rawConnection(manager.port);
    connection.socket.write(
      "POST /containers/create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    );
    await connection.closed;
    expect(connection.text())
      .to.match(/^HTTP\/1\.1 400 /)
      .and.to.include('{"message":');
    connection.socket.destroy();
  });

  describe("and afterwards", () => {
    /** Of this process: the manager's clients, its connections to engines, and their other ends. */
    const openFiles = (): number => readdirSync("/dev/fd").length;

    /** Requests given up at every stage: in the headers, in the body, before the answer, in the middle of it. */
    const givenUp = [
      "GET /containers/js",
      "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
      'POST /containers/create?name=gone HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"Ima',
      "PUT /containers/web/archive?path=/tmp HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhalf a tar",
      'POST /containers/web/exec HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"Cmd":',
      "GET /events HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /containers/web/logs?stdout=1&follow=1 HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /containers/web/stats HTTP/1.1\r\nHost: x\r\n\r\n",
      "POST /containers/web/wait HTTP/1.1\r\nHost: x\r\n\r\n",
      "POST /containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
      "POST /containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n",
      "POST /exec/nope/start HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
      "POST /containers/nope/attach HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n{}",
      "NONSENSE\r\n\r\n",
    ];

    async function giveUpAll(): Promise<void> {
      for (const text of givenUp) {
        const connection = await rawConnection(manager.port);
        connection.socket.write(text);
        await ask("GET", "/_ping"); // The manager has read it by then.
        connection.socket.destroy();
      }
      // Without an upgrade, a client that closes has only ended its input: its stream lasts until the container says or does something.
      await ask("POST", "/containers/web/restart");
    }

    it("has given back every connection, whenever a client hangs up", async () => {
      await giveUpAll();
      await giveUpAll();
      await until(() => manager.connections() === 0, "every client connection being closed");
      await ask("GET", "/exec/nope/json"); // asks every engine: each has its spare connection now
      const quiet = openFiles();
      for (let round = 0; round < 5; round++) await giveUpAll();
      await until(() => openFiles() <= quiet, `${quiet} open files`);
      const { NEventsListener } = (await ask("GET", "/info")).fields();
      expect(NEventsListener).to.equal(0);
    });

    it("has given back its memory", async () => {
      const round = async (): Promise<void> => {
        await giveUpAll();
        for (const { body } of bodies) await create(body);
        for (const { path } of queries) await ask("GET", path);
        await until(() => manager.connections() === 0, "every client connection being closed");
      };
      const heap = async (): Promise<number> => {
        await new Promise((resolve) => setImmediate(resolve));
        collect();
        collect();
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      };
      await round();
      const before = await heap();
      for (let n = 0; n < 3; n++) await round();
      expect((await heap()) - before).to.be.below(8 * MIB);
    });

    it("has no name and no port reserved", async () => {
      const body = { HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } } };
      const ids = [
        await manager.create(body, "gone"),
        await manager.create(body),
        await manager.create(body),
      ];
      expect(new Set(ids.map((id) => manager.engineOf(id))).size).to.equal(3);
      for (const id of ids) await ask("DELETE", `/containers/${id}`);
    });
  });
});
