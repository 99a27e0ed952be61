import { connect as connectTcp } from "node:net";
import { connect, type ConnectionOptions } from "node:tls";
import { expect } from "chai";
import { TestAuthority } from "../support/certificates.ts";
import { makePki, type Pki } from "../tls/pki.ts";
import { startManager, type TestManager } from "./support.ts";

const PLAIN_ANSWER = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
const upgrade = (protocol: string): string => `Connection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
const websocket = `${upgrade("websocket")}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`;

/** Everything an adversary may try on a port. */
// prettier-ignore
const attempts: Readonly<Record<string, string>> = {
  "a ping":                     "GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n",
  "a list":                     "GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n",
  "HTTP/1.0":                   "GET /info HTTP/1.0\r\n\r\n",
  "HTTP/0.9":                   "GET /info\r\n",
  "a create":                   'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n{"Image":"busybox"}',
  "an attach":                  `POST /containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${upgrade("tcp")}\r\n`,
  "an attach without upgrade":  "POST /containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n",
  "an exec":                    `POST /exec/x/start HTTP/1.1\r\nHost: x\r\n${upgrade("tcp")}Content-Length: 2\r\n\r\n{}`,
  "a websocket":                `GET /containers/web/attach/ws HTTP/1.1\r\nHost: x\r\n${websocket}\r\n`,
  "a BuildKit session":         `POST /session HTTP/1.1\r\nHost: x\r\n${upgrade("h2c")}\r\n`,
  "BuildKit's API":             `POST /grpc HTTP/1.1\r\nHost: x\r\n${upgrade("h2c")}\r\n`,
  "an upgrade to h2c":          `GET /info HTTP/1.1\r\nHost: x\r\n${upgrade("h2c")}HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
  "HTTP/2's preface":           "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
  "a tunnel":                   "CONNECT 127.0.0.1:2375 HTTP/1.1\r\nHost: x\r\n\r\n",
  "a preflight":                "OPTIONS /info HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\n\r\n",
  "two requests at once":       "GET /_ping HTTP/1.1\r\nHost: x\r\n\r\nGET /info HTTP/1.1\r\nHost: x\r\n\r\n",
  "half a request":             "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
  "a line that never ends":     `GET /${"x".repeat(100_000)}`,
  "letters":                    "NONSENSE",
};
// prettier-ignore
const noise: Readonly<Record<string, string>> = {
  "zeros":                      "\0".repeat(1000),
  "a lower-case method":        "get /info HTTP/1.1\r\nHost: x\r\n\r\n",
  "a line break first":         "\r\nGET /info HTTP/1.1\r\nHost: x\r\n\r\n",
  "an SSLv2 hello":             "\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10",
  "a TLS alert":                "\x15\x03\x03\x00\x02\x02\x28",
  "TLS application data":       "\x17\x03\x03\x00\x05hello",
  "a broken hello":             `\x16\x03\x01\x00\x05${"\xff".repeat(500)}`,
  "a hello, then plain HTTP":   "\x16\x03\x01\x00\x04\x01\x00\x00\x00GET /info HTTP/1.1\r\nHost: x\r\n\r\n",
};

/** What is left when a fatal alert of TLS is taken away. */
function withoutAlert(seen: string): string {
  const [type, , , high, low, level] = Buffer.from(seen, "latin1");
  return seen.length === 7 && type === 0x15 && high === 0 && low === 2 && level === 2 ? "" : seen;
}

describe("an adversary without a certificate of the CA", () => {
  let pki: Pki;
  let manager: TestManager;
  let socketPath: string;
  let impostors: Readonly<Record<string, ConnectionOptions>>;

  before(async () => {
    pki = await makePki();
    socketPath = pki.path("manager.sock");
    manager = await startManager({
      engines: [{ name: "node-1" }],
      tls: { settings: pki.identity(true).settings, client: await pki.client() },
      hosts: [{ proto: "unix", path: socketPath, addr: socketPath }],
      config: { cors: true },
    });
    await manager.run({}, "web");
    const stranger = await TestAuthority.create();
    impostors = {
      "no certificate": {},
      "a certificate of its own CA, of the same name": await stranger.issue({ cn: "client" }),
      "a certificate for servers only": await pki.client({ usages: ["server"] }),
      "an expired certificate": await pki.client({ from: -1, until: -0.1 }),
    };
  });
  after(async () => {
    await manager[Symbol.asyncDispose]();
    pki.remove();
  });

  const doors = {
    tcp: () => ({ host: "127.0.0.1", port: manager.port }),
    unix: () => ({ path: socketPath }),
  };

  /** All bytes that come back; what TLS says for itself is no part of them. */
  function probe(door: keyof typeof doors, text: string, tls?: ConnectionOptions): Promise<string> {
    return new Promise((resolve) => {
      const to = doors[door]();
      const socket = tls
        ? connect({ ...to, ca: pki.authority.ca, rejectUnauthorized: false, ...tls })
        : connectTcp(to);
      let seen = "";
      socket.on("data", (chunk: Buffer) => (seen += chunk.toString("latin1")));
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(seen));
      socket.end(text, "latin1");
    });
  }

  for (const door of ["tcp", "unix"] as const) {
    it(`gets the 400 and nothing else for any plain request on ${door}`, async () => {
      for (const [name, text] of Object.entries(attempts)) {
        expect(await probe(door, text), name).to.equal(PLAIN_ANSWER);
      }
    });

    it(`gets an alert at most for anything else on ${door}`, async () => {
      for (const [name, text] of Object.entries(noise)) {
        expect(withoutAlert(await probe(door, text)), name).to.equal("");
      }
    });

    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      it(`gets not one byte through ${maxVersion} on ${door}, whatever it shows and asks`, async () => {
        const admitted = await probe(door, attempts["HTTP/1.0"]!, { ...(await pki.client()), maxVersion });
        expect(admitted, "one who may").to.match(/^HTTP\/1\.1 200 /);
        for (const [who, pair] of Object.entries(impostors)) {
          for (const [name, text] of Object.entries(attempts)) {
            const seen = await probe(door, text, { ...pair, maxVersion });
            expect(seen, `${who}, ${name}`).to.equal("");
          }
        }
      });
    }
  }

  it("has changed nothing, while a client of the CA is served", async () => {
    const list = (await manager.ask("GET", "/containers/json?all=1")).json() as unknown[];
    expect(list).to.have.length(1);
  });
});
