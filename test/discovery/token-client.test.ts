import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { createCluster } from "../../discovery/token.ts";
import { TokenClient, type TokenClientOptions } from "../../discovery/token-client.ts";
import { TestAuthority } from "../support/certificates.ts";
import { startHub, type Hub } from "./token-hub.ts";

const list = { method: "GET", path: "/tok" } as const;

/** `status body`, or what went wrong. */
async function outcome(
  base: string,
  settings: Partial<TokenClientOptions> = {},
  ask = list as never,
): Promise<string> {
  try {
    const options = { base: new URL(base), mayBePlain: false, options: {}, env: {}, ...settings };
    await using client = new TokenClient(options);
    const { status, text } = await client.ask(ask);
    return `${status} ${text}`;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("discovery/token-client", () => {
  let folder: string;
  let authority: TestAuthority;
  let pair: { ca: string; cert: string; key: string };
  const secure = () => authority.issue({ cn: "hub", sans: ["127.0.0.1", "localhost", "hub.test"] });
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "swarm-token-"));
    authority = await TestAuthority.create();
    pair = await authority.write(path.join(folder, "pair"), { cn: "client" });
  });
  after(async () => await rm(folder, { recursive: true }));

  describe("redirects", () => {
    // prettier-ignore
    const cases = [
      { it: "follows a list to another path",          method: "GET",  status: 301, to: "/v1/clusters/tok", gives: "200 []" },
      { it: "follows a registration that stays one",   method: "POST", status: 308, to: "/v1/clusters/tok", gives: "200 []" },
      { it: "does not turn a registration into a list", method: "POST", status: 302, to: "/v1/clusters/tok", gives: "302 " },
      { it: "does not go to another server",           method: "GET",  status: 301, to: "http://127.0.0.2:1/", gives: "301 " },
      { it: "does not change the scheme",              method: "GET",  status: 301, to: "https://127.0.0.1:PORT/", gives: "301 " },
      { it: "does not go where there is nothing",      method: "GET",  status: 301, to: "http://[", gives: "301 " },
      { it: "does not go in circles",                  method: "GET",  status: 307, to: "/clusters/tok", gives: "307 " },
    ];
    for (const c of cases) {
      it(c.it, async () => {
        await using hub = await startHub();
        hub.answer = ({ url }) =>
          url === "/clusters/tok"
            ? { status: c.status, body: "", headers: { location: c.to.replace("PORT", String(hub.port)) } }
            : {};
        const ask = { method: c.method, path: "/tok", ...(c.method === "POST" && { body: "a:1" }) };
        expect(await outcome(`http://127.0.0.1:${hub.port}`, {}, ask as never)).to.equal(c.gives);
        expect(hub.asked.length).to.be.at.most(4);
        if (c.status === 308) expect(hub.asked[1]).to.equal("POST /v1/clusters/tok a:1");
      });
    }
  });

  it("gives up when there is no answer in time", async () => {
    await using hub = await startHub();
    hub.answer = () => ({ silent: true });
    const base = `http://127.0.0.1:${hub.port}`;
    expect(await outcome(base, { timeoutMs: 1 })).to.equal(
      `Get "${base}/clusters/tok": no answer within 0.001 s`,
    );
  });

  describe("trust", () => {
    let hub: Hub;
    before(async () => {
      hub = await startHub(await secure());
      await mkdir(path.join(folder, "roots"));
      await writeFile(path.join(folder, "roots", "ours.pem"), `text before\n${authority.ca}`);
      await writeFile(path.join(folder, "roots", "broken.pem"), authority.ca.replace(/M/g, "N"));
      await writeFile(path.join(folder, "empty.pem"), "nothing");
    });
    after(async () => await hub[Symbol.asyncDispose]());
    const base = () => `https://127.0.0.1:${hub.port}`;

    it("is not given to a stranger, and the message says how to give it", async () => {
      expect(await outcome(base())).to.match(
        /^Get "https:.*": unable to verify.*: trust its authority with --discovery-opt token.cacertfile=FILE$/,
      );
    });

    // prettier-ignore
    const ways = [
      { it: "token.cacertfile",                    options: { "token.cacertfile": "pair/ca.pem" }, env: {} },
      { it: "SSL_CERT_FILE",                       options: {}, env: { SSL_CERT_FILE: "pair/ca.pem" } },
      { it: "SSL_CERT_DIR",                        options: {}, env: { SSL_CERT_DIR: "missing:roots" } },
      { it: "NODE_EXTRA_CA_CERTS beside another",  options: {}, env: { NODE_EXTRA_CA_CERTS: "pair/ca.pem", SSL_CERT_FILE: "missing" } },
    ];
    for (const c of ways) {
      it(`is given with ${c.it}`, async () => {
        const at = (value: string) =>
          value
            .split(":")
            .map((place) => path.join(folder, place))
            .join(":");
        const inFolder = (record: Record<string, string | undefined>) =>
          Object.fromEntries(Object.entries(record).map(([name, value]) => [name, at(value ?? "")]));
        expect(await outcome(base(), { options: inFolder(c.options), env: inFolder(c.env) })).to.equal(
          "200 []",
        );
      });
    }

    it("does not cover another name", async () => {
      const settings = { options: { "token.cacertfile": pair.ca } };
      const other = await startHub(await authority.issue({ cn: "x", sans: ["other.test"] }));
      await using _ = other;
      expect(await outcome(`https://127.0.0.1:${other.port}`, settings)).to.include(
        "does not match certificate",
      );
    });

    // prettier-ignore
    const faults = [
      { it: "a missing file",         options: () => ({ "token.cacertfile": "/no/ca.pem" }),                                says: "could not read token.cacertfile: open /no/ca.pem: no such file or directory" },
      { it: "no certificate",         options: () => ({ "token.cacertfile": path.join(folder, "empty.pem") }),              says: "holds no certificate in PEM" },
      { it: "a certificate alone",    options: () => ({ "token.certfile": pair.cert }),                                     says: "token.certfile and token.keyfile must be given together" },
      { it: "a key that is no key",   options: () => ({ "token.certfile": pair.cert, "token.keyfile": pair.ca }),           says: "no certificate and unencrypted key in PEM" },
      { it: "a missing key",          options: () => ({ "token.certfile": pair.cert, "token.keyfile": "/no/key.pem" }),     says: "could not read token.keyfile: open /no/key.pem: no such file or directory" },
    ];
    for (const c of faults) {
      it(`is refused at once with ${c.it}`, async () => {
        expect(await outcome(base(), { options: c.options() })).to.include(c.says);
      });
    }

    it("is refused at once with the key of another certificate", async () => {
      const other = await authority.write(path.join(folder, "other"), { cn: "other" });
      const options = { "token.certfile": pair.cert, "token.keyfile": other.key };
      expect(await outcome(base(), { options })).to.equal(
        `token.keyfile ${other.key} is not the key of token.certfile ${pair.cert}`,
      );
    });
  });

  describe("a server of this machine without TLS", () => {
    it("is spoken to all the same, when the scheme is not the user's", async () => {
      await using hub = await startHub();
      const base = `https://127.0.0.1:${hub.port}`;
      expect(await outcome(base, { mayBePlain: true })).to.equal("200 []");
      expect(await outcome(base, { mayBePlain: false })).to.match(/^Get "https:.*": /);
    });

    it("is found again when it comes back with TLS", async () => {
      const options = { "token.cacertfile": pair.ca };
      const first = await startHub();
      const base = new URL(`https://127.0.0.1:${first.port}`);
      await using client = new TokenClient({ base, mayBePlain: true, options, env: {} });
      expect((await client.ask(list)).status).to.equal(200);
      expect((await client.ask(list)).status).to.equal(200);
      await first[Symbol.asyncDispose]();
      await using _second = await startHub(await secure(), first.port);
      const failure = await client.ask(list).catch((error: unknown) => error as Error);
      expect(failure).to.be.instanceOf(Error);
      expect((await client.ask(list)).status).to.equal(200);
    });

    it("is not spoken to when it has TLS that nobody vouches for", async () => {
      await using hub = await startHub(await secure());
      const base = `https://127.0.0.1:${hub.port}`;
      expect(await outcome(base, { mayBePlain: true })).to.include("trust its authority");
      expect(hub.asked).to.deep.equal([]);
    });
  });

  describe("proxies", () => {
    /** A proxy that takes every tunnel to the hub. */
    async function startProxy(hub: Hub) {
      const server = createServer();
      const asked: string[] = [];
      const sockets = new Set<Socket>();
      server.on("connection", (socket) => sockets.add(socket));
      server.on("connect", (request, socket, head) => {
        asked.push(`${request.url ?? ""} ${request.headers["proxy-authorization"] ?? ""}`.trim());
        const upstream = connect(hub.port, "127.0.0.1", () => {
          socket.write("HTTP/1.1 200 OK\r\n\r\n");
          upstream.write(head);
          upstream.pipe(socket).pipe(upstream);
        });
        for (const end of [upstream, socket]) end.on("error", () => undefined);
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      return {
        asked,
        url: `127.0.0.1:${(server.address() as AddressInfo).port}`,
        async [Symbol.asyncDispose]() {
          server.close();
          for (const socket of sockets) socket.destroy();
          await once(server, "close");
        },
      };
    }

    it("are used for https, with their password, and end to end", async () => {
      await using hub = await startHub(await secure());
      await using proxy = await startProxy(hub);
      const options = { "token.cacertfile": pair.ca };
      for (const [name, place] of [
        ["HTTPS_PROXY", `http://me:secret@${proxy.url}`],
        ["https_proxy", proxy.url],
      ] as const) {
        const env = { [name]: place };
        expect(await outcome("https://hub.test:9", { options, env })).to.equal("200 []");
      }
      expect(proxy.asked).to.deep.equal([
        `hub.test:9 Basic ${Buffer.from("me:secret").toString("base64")}`,
        "hub.test:9",
      ]);
    });

    it("are left aside where NO_PROXY says so, and for this machine", async () => {
      await using hub = await startHub(await secure());
      await using proxy = await startProxy(hub);
      const options = { "token.cacertfile": pair.ca };
      const env = { HTTPS_PROXY: proxy.url, NO_PROXY: "invalid" };
      expect(await outcome("https://hub.invalid:9", { options, env })).to.match(/^Get ".*": /);
      expect(await outcome(`https://127.0.0.1:${hub.port}`, { options, env })).to.equal("200 []");
      expect(proxy.asked).to.deep.equal([]);
    });

    it("are refused at once when they cannot be, without their password", async () => {
      const env = { HTTPS_PROXY: "http://me:secret@[" };
      expect(await outcome("https://hub.test", { env })).to.equal(
        "$HTTPS_PROXY is no address such as http://proxy:3128",
      );
    });
  });

  describe("a new cluster", () => {
    const create = async (hub: Hub): Promise<string> => {
      const base = new URL(`http://127.0.0.1:${hub.port}`);
      await using client = new TokenClient({ base, mayBePlain: false, options: {}, env: {} });
      return await createCluster(client).catch((error: unknown) => (error as Error).message);
    };
    // prettier-ignore
    const answers = [
      { it: "a token",                      status: 200, body: "0123456789abcdef0123456789abcdef",   gives: "0123456789abcdef0123456789abcdef" },
      { it: "a token and a line end",       status: 201, body: "0123456789abcdef0123456789abcdef\n", gives: "0123456789abcdef0123456789abcdef" },
      { it: "an error page with success",   status: 200, body: "<html>\u001b[31m",                   gives: 'POST: the answer is no token: "<html>\\u001b[31m"' },
      { it: "nothing",                      status: 200, body: "",                                   gives: 'POST: the answer is no token: ""' },
      { it: "a refusal",                    status: 429, body: '{"message":"too many requests"}',    gives: "POST: Discovery service returned 429 HTTP status code: too many requests" },
      { it: "an error page",                status: 502, body: "<html>",                             gives: "POST: Discovery service returned 502 HTTP status code" },
    ];
    for (const c of answers) {
      it(`understands: ${c.it}`, async () => {
        await using hub = await startHub();
        hub.answer = () => c;
        const url = `Post "http://127.0.0.1:${hub.port}/clusters"`;
        expect(await create(hub)).to.equal(c.gives.replace("POST", url));
        expect(hub.asked).to.deep.equal(["POST /clusters"]);
      });
    }

    it("is refused by a connection that ends", async () => {
      const server = createTcpServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
      await once(server, "listening");
      const { port } = server.address() as AddressInfo;
      expect(await create({ port } as Hub)).to.match(
        new RegExp(
          `^Post "http://127.0.0.1:${port}/clusters": (other side closed|connection reset by peer)$`,
        ),
      );
      server.close();
    });
  });
});
