import { expect } from "chai";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { probeEngine, probeWithin } from "../../src/agent/probe-engine.ts";
import { TestAuthority } from "../support/certificates.ts";

const never = new AbortController().signal;

/** A server that says this to whoever speaks to it; undefined: nothing, "": it hangs up. */
async function serving<T>(says: string | undefined, use: (port: number) => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => {
      if (says === "") socket.resetAndDestroy();
      else if (says !== undefined) socket.end(says, "latin1");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const answer = (status: string, body: string, headers = ""): string =>
  `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;

describe("agent/probe-engine", () => {
  // prettier-ignore
  const cases = [
    { it: "an engine",                        says: answer("200 OK", "OK"),                                                     finds: undefined },
    { it: "an engine that refuses a ping",    says: answer("403 Forbidden", "{}", "Api-Version: 1.41\r\n"),                      finds: undefined },
    { it: "an old engine in trouble",         says: answer("500 Oops", "", "Server: Docker/1.12.6 (linux)\r\n"),                 finds: undefined },
    { it: "an engine behind TLS",             says: answer("400 Bad Request", "Client sent an HTTP request to an HTTPS server.\n"), finds: undefined },
    { it: "an engine behind TLS that hangs up", says: "",                                                                        finds: undefined },
    { it: "an engine behind TLS that alerts", says: "\x15\x03\x01\x00\x02\x02\x0a",                                              finds: undefined },
    { it: "a web server",                     says: answer("404 Not Found", "no"),                                               finds: "another server is there, GET /_ping answers 404" },
    { it: "a web server that likes everything", says: answer("200 OK", "<html>"),                                                finds: "another server is there, GET /_ping answers 200" },
    { it: "an SSH server",                    says: "SSH-2.0-OpenSSH_9.2\r\n",                                                   finds: "another server is there, it does not speak HTTP" },
    { it: "an answer without an end",         says: `HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n${"x".repeat(1 << 20)}`, finds: "another server is there, GET /_ping answers 200" },
  ];
  for (const { it: what, says, finds } of cases) {
    it(`finds ${what}`, async () => {
      expect(await serving(says, (port) => probeEngine({ host: "127.0.0.1", port }, never))).to.equal(finds);
    });
  }

  it("finds a TLS server of Node, too", async () => {
    const { cert, key } = await (await TestAuthority.create()).issue({ cn: "engine" });
    const server = createTlsServer({ cert, key });
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = server.address() as AddressInfo;
      expect(await probeEngine({ host: "127.0.0.1", port }, never)).to.equal(undefined);
    } finally {
      server.close();
    }
  });

  it("says that nobody listens", async () => {
    const port = await serving("", (free) => Promise.resolve(free));
    expect(await probeEngine({ host: "127.0.0.1", port }, never)).to.equal("connection refused");
  });

  it("gives a silent server up", async () => {
    const finds = await serving(undefined, (port) => probeWithin(20, "127.0.0.1", port, never));
    expect(finds).to.equal("no answer within 20ms");
  });

  it("ends with the signal", async () => {
    const stop = new AbortController();
    const looking = serving(undefined, (port) => probeWithin(60_000, "127.0.0.1", port, stop.signal));
    setImmediate(() => stop.abort());
    expect(await looking).to.equal("given up");
  });

  it("does not even begin after the signal", async () => {
    expect(await probeWithin(60_000, "127.0.0.1", 1, AbortSignal.abort())).to.equal("given up");
  });
});
