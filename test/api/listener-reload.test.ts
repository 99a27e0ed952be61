import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { pino } from "pino";
import type { HttpApp } from "../../src/api/http-app.ts";
import { Listener } from "../../src/api/listener.ts";
import { takeOver } from "../../src/proxy/dispatch-upgrade.ts";
import { HandshakeLog } from "../../src/tls/handshake-log.ts";
import type { TlsIdentity } from "../../src/tls/identity.ts";
import { TestAuthority } from "../support/certificates.ts";
import { makePki, type Pki } from "../tls/pki.ts";
import { freePort, until } from "./support.ts";

/** A TLS connection whose bytes are collected. */
class Client {
  readonly socket: TLSSocket;
  text = "";
  closed = false;

  constructor(port: number, options: ConnectionOptions) {
    this.socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true, ...options } as ConnectionOptions);
    this.socket.on("data", (chunk: Buffer) => (this.text += chunk.toString()));
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => (this.closed = true));
    this.socket.on("end", () => (this.closed = true));
  }

  get ready(): Promise<unknown> {
    return new Promise((resolve) => this.socket.once("secureConnect", resolve));
  }

  async sees(text: string): Promise<void> {
    await until(() => this.text.includes(text), text);
  }

  ask(path = "/"): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  }

  get issuer(): string | undefined {
    return this.socket.getPeerCertificate().issuer.CN as string | undefined;
  }
}

describe("api/listener, certificates read again", () => {
  let pki: Pki;
  let next: TestAuthority;
  let identity: TlsIdentity;
  let listener: Listener;
  let port: number;
  let finish: (() => void) | undefined;
  const clients: Client[] = [];
  const asked: string[] = [];

  /** `/slow` answers when the test says so, `/raw` echoes what comes, everything else is answered at once. */
  const app: HttpApp = {
    handle(req, res) {
      asked.push(req.url ?? "");
      if (req.url === "/slow") {
        res.write("begun ");
        finish = () => res.end("finished");
      } else if (req.url === "/raw") {
        const taken = takeOver(res);
        taken?.socket.write("HTTP/1.1 200 OK\r\n\r\n");
        taken?.socket.on("data", (chunk: Buffer) => taken.socket.write(`echo ${chunk.toString()}`));
        taken?.socket.on("end", () => taken.socket.end("bye"));
      } else res.end("hello");
    },
    wantsConnection: (_method, url) => url === "/raw",
  };

  const dial = (options: ConnectionOptions): Client => {
    const client = new Client(port, { ca: [pki.authority.ca, next.ca], ...options });
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    pki = await makePki();
    next = await TestAuthority.create("next authority");
    identity = pki.identity(true);
    port = await freePort();
    listener = await Listener.open(
      { proto: "tcp", host: "127.0.0.1", port, addr: "" },
      app,
      pino({ level: "silent" }),
      identity,
      { failures: new HandshakeLog(() => undefined) },
    );
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.socket.destroy();
    await listener[Symbol.asyncDispose]();
    pki.remove();
  });

  /** From now on the manager's certificate, and its clients', are of the next authority. */
  async function rollOver(): Promise<void> {
    await pki.renew({}, next);
    pki.put("ca.pem", next.ca);
    identity.reload();
  }

  it("shows the new certificate and asks for the new authority's, to those who come from then on", async () => {
    await rollOver();
    const client = dial(await next.issue({ cn: "client" }));
    client.ask();
    await client.sees("hello");
    expect(client.issuer).to.equal("next authority");
    const withdrawn = dial(await pki.client());
    withdrawn.ask();
    await until(() => withdrawn.closed);
    expect(withdrawn.text).to.equal("");
  });

  it("lets an answer finish, and then the connection end", async () => {
    const client = dial(await pki.client());
    client.ask("/slow");
    await client.sees("begun");
    await rollOver();
    expect(client.closed).to.equal(false);
    finish?.();
    await client.sees("finished");
    client.ask();
    await client.sees("hello");
    expect(client.text).to.match(/Connection: close/);
    await until(() => client.closed);
  });

  it("answers one request more at most on a connection from before, however many are sent at once", async () => {
    const client = dial(await pki.client());
    client.ask();
    await client.sees("hello");
    await rollOver();
    asked.length = 0;
    client.socket.write(
      ["/one", "/two", "/three"].map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(""),
    );
    client.socket.write("POST /raw HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => client.closed);
    expect(asked).to.deep.equal(["/one"]);
    expect(client.text.split("HTTP/1.1 200")).to.have.length(3);
  });

  it("does not touch a stream that took its connection, until it ends by itself", async () => {
    const client = dial(await pki.client());
    client.socket.write("POST /raw HTTP/1.1\r\nHost: x\r\n\r\n");
    await client.sees("200 OK");
    await rollOver();
    client.socket.write("one");
    await client.sees("echo one");
    client.socket.end("two");
    await client.sees("echo two");
    await client.sees("bye");
  });

  it("keeps connections alive while nothing was reloaded", async () => {
    const client = dial(await pki.client());
    client.ask();
    await client.sees("hello");
    client.ask("/slow");
    await client.sees("begun");
    expect(client.text).to.not.match(/Connection: close/i);
  });

  // prettier-ignore
  const broken = [
    { it: "a key of another certificate", file: "key.pem",  text: async () => (await next.issue({ cn: "x" })).key,               says: "private key does not match" },
    { it: "a certificate half written",   file: "cert.pem", text: () => Promise.resolve("-----BEGIN CERTIFICATE-----\nMII"),       says: "cert.pem" },
    { it: "an empty certificate",         file: "cert.pem", text: () => Promise.resolve(""),                                       says: "cert.pem" },
    { it: "an empty CA file",             file: "ca.pem",   text: () => Promise.resolve(""),                                       says: "ca.pem" },
    { it: "a CA file cut off after its first certificate", file: "ca.pem", text: () => Promise.resolve(`${next.ca}\n-----BEGIN CERTIFICATE-----\nMII`), says: "ca.pem" },
  ];
  for (const c of broken) {
    it(`goes on with what it has after ${c.it}`, async () => {
      pki.put(c.file, await c.text());
      expect(() => identity.reload()).to.throw(c.says);
      const client = dial(await pki.client());
      client.ask();
      await client.sees("hello");
      expect(client.issuer).to.equal("test authority");
      client.ask();
      await until(() => client.text.split("hello").length === 3);
      expect(client.text).to.not.match(/Connection: close/i);
    });
  }

  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    it(`lets nobody come back with a session instead of a certificate, ${maxVersion}`, async () => {
      const pair = { ...(await pki.client()), maxVersion };
      const first = dial(pair);
      let session: Buffer | undefined;
      first.socket.on("session", (bytes) => (session = bytes));
      first.ask();
      await first.sees("hello");
      session ??= first.socket.getSession();
      const again = dial({ ...pair, ...(session && { session }) });
      await again.ready;
      expect(again.socket.isSessionReused()).to.equal(false);
      pki.put("ca.pem", next.ca);
      identity.reload();
      const withdrawn = dial({ ...pair, ...(session && { session }) });
      withdrawn.ask();
      await until(() => withdrawn.closed);
      expect(withdrawn.text).to.equal("");
    });
  }

  it("hears of no reload any more once it is closed", async () => {
    await listener[Symbol.asyncDispose]();
    let asked = 0;
    Object.defineProperty(identity, "serverContext", {
      get() {
        asked++;
        return {};
      },
    });
    identity.reload();
    expect(asked).to.equal(0);
  });
});
