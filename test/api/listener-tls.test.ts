import { connect as connectTcp } from "node:net";
import { connect, type ConnectionOptions } from "node:tls";
import { expect } from "chai";
import { pino } from "pino";
import type { HttpApp } from "../../src/api/http-app.ts";
import { Listener } from "../../src/api/listener.ts";
import type { ListenAddress } from "../../src/config.ts";
import { HandshakeLog } from "../../src/tls/handshake-log.ts";
import { TestAuthority, type CertificateSpec, type Pair } from "../support/certificates.ts";
import { makePki, type Pki } from "../tls/pki.ts";
import { freePort, until } from "./support.ts";

const PLAIN_ANSWER = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
const GET = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

type Address = { readonly host: string; readonly port: number } | { readonly path: string };

/** All that came until the other side closed; if nothing did, `refused: ` and the reason, if one was given. */
function exchange(
  socket: ReturnType<typeof connect> | ReturnType<typeof connectTcp>,
  text: string,
): Promise<string> {
  return new Promise((resolve) => {
    let seen = "";
    let reason = "";
    socket.on("data", (chunk: Buffer) => (seen += chunk.toString("latin1")));
    socket.on("error", ({ message }: Error) => (reason = message));
    socket.on("close", () => resolve(seen !== "" ? seen : `refused: ${reason}`));
    socket.write(text);
  });
}

describe("api/listener with TLS", () => {
  let pki: Pki;
  let authority: TestAuthority;
  let stranger: TestAuthority;
  let kinds: Readonly<Record<string, Pair>>;
  let lines: string[];
  let open: Listener[];
  before(async () => {
    authority = await TestAuthority.create();
    stranger = await TestAuthority.create("stranger");
    const issue = (spec: Partial<CertificateSpec>): Promise<Pair> =>
      authority.issue({ cn: "client", usages: ["client"], ...spec });
    kinds = {
      "a certificate of another CA": await stranger.issue({ cn: "client", usages: ["client"] }),
      "a certificate for servers only": await issue({ usages: ["server"] }),
      "a certificate for clients": await issue({}),
      "a certificate without usages": await issue({ usages: [] }),
      "an RSA certificate": await issue({ key: "rsa" }),
      "an expired certificate": await issue({ from: -1, until: -0.5 }),
      "a certificate of tomorrow": await issue({ from: 0.5, until: 1 }),
    };
  });
  beforeEach(async () => {
    pki = await makePki(authority);
    lines = [];
    open = [];
  });
  afterEach(async () => {
    await Promise.all(open.map((listener) => listener[Symbol.asyncDispose]()));
    pki.remove();
  });

  const hello: HttpApp = { handle: (_req, res) => void res.end("hello"), wantsConnection: () => false };

  async function listen({
    verify = true,
    app = hello,
    handshakeMs = 10_000,
    maxHandshakes = 100,
    unix = false,
    identity = pki.identity(verify),
  } = {}): Promise<Address> {
    const port = unix ? 0 : await freePort();
    const path = pki.path("manager.sock");
    const address: ListenAddress = unix
      ? { proto: "unix", path, addr: path }
      : { proto: "tcp", host: "127.0.0.1", port, addr: `127.0.0.1:${port}` };
    const failures = new HandshakeLog((line) => void lines.push(line));
    open.push(
      await Listener.open(address, app, pino({ level: "silent" }), identity, {
        failures,
        handshakeMs,
        maxHandshakes,
      }),
    );
    return unix ? { path } : { host: "127.0.0.1", port };
  }

  /** What a TLS client gets; the server is verified unless the options say otherwise. */
  const ask = (to: Address, options: ConnectionOptions, text = GET): Promise<string> =>
    exchange(connect({ ...to, servername: "localhost", ca: pki.authority.ca, ...options }), text);
  const askPlainly = (to: Address, text: string): Promise<string> => exchange(connectTcp(to), text);

  const unknown = "tls: failed to verify client certificate: x509: certificate signed by unknown authority";
  const usage =
    "tls: failed to verify client certificate: x509: certificate specifies an incompatible key usage";
  const dates = "tls: failed to verify client certificate: x509: certificate has expired or is not yet valid";
  // prettier-ignore
  const matrix = [
    { kind: "no certificate",                 verify: "tls: client didn't provide a certificate" },
    { kind: "a certificate of another CA",    verify: unknown },
    { kind: "a certificate for servers only", verify: usage },
    { kind: "an expired certificate",         verify: dates },
    { kind: "a certificate of tomorrow",      verify: dates },
    { kind: "a certificate for clients",      verify: undefined },
    { kind: "a certificate without usages",   verify: undefined },
    { kind: "an RSA certificate",             verify: undefined },
  ];
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    for (const unix of [false, true]) {
      for (const { kind, verify } of matrix) {
        it(`${verify === undefined ? "serves" : "refuses"} ${kind} with --tlsverify, ${maxVersion} on ${unix ? "a unix socket" : "tcp"}`, async () => {
          const to = await listen({ unix });
          const answer = await ask(to, { maxVersion, ...kinds[kind] });
          if (verify === undefined) {
            expect(answer)
              .to.match(/^HTTP\/1\.1 200 OK\r\n/)
              .and.to.match(/hello$/);
            expect(lines).to.deep.equal([]);
          } else {
            expect(answer).to.match(/^refused: /);
            await until(() => lines.length > 0, "a line in the log");
            const peer = unix ? "@" : String.raw`127\.0\.0\.1:\d+`;
            expect(lines.join("")).to.match(
              new RegExp(
                String.raw`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d http: TLS handshake error from ${peer}: ${verify}\n$`,
              ),
            );
          }
        });
      }
    }
  }
  for (const { kind } of matrix) {
    it(`serves ${kind} with --tls`, async () => {
      const to = await listen({ verify: false });
      expect(await ask(to, kinds[kind] ?? {})).to.match(/hello$/);
    });
  }

  it("serves a client behind an intermediate authority, and shows its own chain", async () => {
    const between = await pki.authority.intermediate("between");
    const own = await between.issue({ cn: "manager", sans: ["127.0.0.1"] });
    pki.put("cert.pem", `${own.cert}\n${between.ca}`);
    pki.put("key.pem", own.key);
    const client = await between.issue({ cn: "client", usages: ["client"] });
    const to = await listen();
    expect(
      await ask(to, { servername: "", cert: `${client.cert}\n${between.ca}`, key: client.key }),
    ).to.match(/hello$/);
    expect(await ask(to, { servername: "", cert: client.cert, key: client.key })).to.match(/^refused: /);
  });

  it("serves the clients of both authorities of its CA file", async () => {
    pki.put("ca.pem", `first\n${stranger.ca}\nsecond\n${pki.authority.ca}`);
    const to = await listen();
    expect(await ask(to, await pki.client())).to.match(/hello$/);
    expect(await ask(to, await stranger.issue({ cn: "client" }))).to.match(/hello$/);
  });

  // prettier-ignore
  const own = [
    { it: "an RSA certificate",        spec: { key: "rsa", sans: ["localhost"] },               name: "localhost" },
    { it: "a wildcard certificate",    spec: { sans: ["*.swarm.example"] },                     name: "m1.swarm.example" },
    { it: "a common name and no SANs", spec: { cn: "manager.example", sans: [] },               name: "manager.example" },
  ] as const;
  for (const { it: what, spec, name } of own) {
    it(`serves with ${what}`, async () => {
      await pki.renew(spec);
      expect(await ask(await listen(), { servername: name, ...(await pki.client()) })).to.match(/hello$/);
    });
  }

  it("refuses TLS 1.1", async () => {
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    const to = await listen();
    expect(await ask(to, { ...old, ...(await pki.client()) })).to.match(/^refused: .*alert protocol version/);
    expect(lines.join("")).to.include("tls: client offered only unsupported versions");
  });

  it("agrees on http/1.1 only", async () => {
    const to = await listen();
    const client = await pki.client();
    const both = connect({ ...to, servername: "localhost", ...client, ALPNProtocols: ["h2", "http/1.1"] });
    expect(await exchange(both, GET)).to.match(/hello$/);
    expect(both.alpnProtocol).to.equal("http/1.1");
    expect(await ask(to, { ...client, ALPNProtocols: ["h2"] })).to.match(
      /^refused: .*alert no application protocol/,
    );
  });

  it("tells plain HTTP what it is, on tcp and on a unix socket", async () => {
    for (const unix of [false, true]) {
      const to = await listen({ unix });
      for (const text of [GET, "DELETE /containers/x HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]) {
        expect(await askPlainly(to, text)).to.equal(PLAIN_ANSWER);
      }
    }
  });

  it("says nothing to what is neither TLS nor HTTP", async () => {
    const to = await listen();
    for (const text of ["\0", "\x80\x2e\x01\0\x02", "hello?\r\n", "\x15\x03\x01\0\x02\x02\x28"]) {
      expect(await askPlainly(to, text)).to.match(/^refused: /);
    }
    expect(lines).to.have.length(4);
    expect(lines[0]).to.include("tls: first record does not look like a TLS handshake");
  });

  describe("with a short limit", () => {
    const begun = "\x16\x03\x01\x02";

    it("parts with clients that say nothing, or begin and do not end", async () => {
      const to = await listen({ handshakeMs: 50 });
      for (const text of ["", begun]) expect(await askPlainly(to, text)).to.equal("refused: ");
      expect(lines).to.have.length(2);
      for (const line of lines) expect(line).to.match(/: i\/o timeout\n$/);
    });

    it("counts from the first byte, and not from the last", async () => {
      const to = await listen({ handshakeMs: 100 });
      const slow = connectTcp(to);
      const closed = exchange(slow, begun);
      const dripping = setInterval(() => slow.write("\0"), 10);
      await closed;
      clearInterval(dripping);
      expect(lines.join("")).to.match(/: i\/o timeout\n$/);
    });

    it("does not touch who has said who he is", async () => {
      const to = await listen({ handshakeMs: 50 });
      const quiet = connect({ ...to, servername: "localhost", ...(await pki.client()) });
      await new Promise((resolve) => quiet.once("secureConnect", resolve));
      expect(await askPlainly(to, "")).to.equal("refused: "); // whose limit began later
      expect(await exchange(quiet, GET)).to.match(/hello$/);
    });
  });

  it("makes room for a newcomer when too many say nothing, and lets those be who have said who they are", async () => {
    const to = await listen({ maxHandshakes: 2 });
    const known = connect({ ...to, servername: "localhost", ...(await pki.client()) });
    await new Promise((resolve) => known.once("secureConnect", resolve));
    const strangers = [connectTcp(to), connectTcp(to), connectTcp(to)];
    const [first, ...others] = strangers.map((each) => exchange(each, ""));
    expect(await first).to.equal("refused: ");
    expect(await ask(to, await pki.client())).to.match(/hello$/);
    await Promise.race(others);
    expect(strangers.filter(({ destroyed }) => !destroyed)).to.have.length(1);
    expect(lines).to.have.length(2);
    expect(lines.join("")).to.match(/^(?:.*: too many handshakes at once\n){2}$/);
    expect(await exchange(known, GET)).to.match(/hello$/);
    for (const each of strangers) each.destroy();
  });

  for (const leave of ["end", "resetAndDestroy"] as const) {
    it(`lets a client go at once that leaves in the middle of a handshake by ${leave}`, async () => {
      const to = await listen();
      const client = connectTcp({ ...to, allowHalfOpen: true });
      client.on("error", () => undefined).resume();
      const left = new Promise((resolve) => client.once("end", resolve).once("close", resolve));
      await new Promise<void>((resolve) => client.write("\x16\x03\x01\x02", () => resolve()));
      client[leave]();
      await left;
      client.destroy();
      await until(() => lines.length > 0, "a line in the log");
      expect(lines.join("")).to.match(/: EOF\n$/);
      expect(await ask(to, await pki.client())).to.match(/hello$/);
    });
  }

  it("answers malformed requests of a client it knows, as it does without TLS", async () => {
    const to = await listen();
    const client = await pki.client();
    expect(await ask(to, client, "NONSENSE\r\n\r\n")).to.match(
      /^HTTP\/1\.1 400 [^]*\{"message":"malformed HTTP request"\}\n$/,
    );
    expect(await ask(to, client, `GET / HTTP/1.1\r\nX: ${"x".repeat(2 << 20)}\r\n\r\n`)).to.match(
      /^HTTP\/1\.1 431 /,
    );
  });

  it("closes at once when nothing is going on, whatever clients keep in reserve", async () => {
    const to = await listen();
    const fresh = connect({ ...to, servername: "localhost", ...(await pki.client()) }).resume();
    const begun = connectTcp(to).resume();
    begun.write("\x16\x03");
    fresh.on("error", () => undefined);
    begun.on("error", () => undefined);
    await new Promise((resolve) => fresh.once("session", resolve));
    const gone = Promise.all(
      [fresh, begun].map((each) => new Promise((resolve) => each.once("close", resolve))),
    );
    await Promise.all([open.pop()?.[Symbol.asyncDispose](), gone]);
    expect(lines).to.deep.equal([]);
  });

  it("removes a unix socket it served with TLS", async () => {
    await listen({ unix: true });
    await open.pop()?.[Symbol.asyncDispose]();
    expect(await askPlainly({ path: pki.path("manager.sock") }, "")).to.match(/^refused: .*ENOENT/);
  });
});
