import { once } from "node:events";
import { Agent, createServer as createPlainServer, type IncomingMessage } from "node:http";
import { request, type ServerOptions } from "node:https";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { expect } from "chai";
import { DockerodeClient } from "../../src/docker/dockerode-client.ts";
import { EngineUnreachableError } from "../../src/docker/engine-client.ts";
import { TlsEngineAgent, type TlsEngine as Peer } from "../../src/docker/tls-engine-agent.ts";
import { TestAuthority, type CertificateSpec } from "../support/certificates.ts";
import { wired } from "./wire-server.ts";
import { startTlsEngine, testIdentity, type TestIdentity, type TlsEngine } from "./tls-engine.ts";

/** Everything a test opened. */
const opened = new Set<Disposable | AsyncDisposable>();
const keep = <T extends Disposable | AsyncDisposable>(thing: T): T => {
  opened.add(thing);
  return thing;
};

describe("docker/tls-engine-agent", () => {
  let authority: TestAuthority;
  let stranger: TestAuthority;
  before(async () => {
    authority = await TestAuthority.create();
    stranger = await TestAuthority.create("somebody else");
  });
  afterEach(async () => {
    for (const thing of opened)
      if (Symbol.asyncDispose in thing) await thing[Symbol.asyncDispose]();
      else thing[Symbol.dispose]();
    opened.clear();
  });

  const engineWith = async (
    spec: Partial<CertificateSpec> = {},
    options: ServerOptions & { readonly issuer?: TestAuthority } = {},
  ): Promise<TlsEngine> => {
    const { issuer = authority, ...rest } = options;
    const pair = await issuer.issue({ cn: "engine", sans: ["127.0.0.1"], ...spec });
    const verified = { ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    return keep(await startTlsEngine({ ...pair, ...verified, ...rest }));
  };
  const identityWith = async (...given: Parameters<typeof testIdentity>): Promise<TestIdentity> =>
    keep(await testIdentity(...given));
  const agentFor = (peer: Omit<Peer, "identity">, { identity }: TestIdentity, handshakeMs?: number) => {
    const agent = new TlsEngineAgent({ ...peer, identity }, { keepAlive: true }, handshakeMs);
    keep({ [Symbol.dispose]: () => agent.destroy() });
    return agent;
  };
  const clientOf = (engine: Omit<Peer, "identity">, identity: TestIdentity): DockerodeClient =>
    new DockerodeClient(wired({ ...engine, agent: agentFor(engine, identity) }));
  const failureOf = async (engine: Omit<Peer, "identity">, identity: TestIdentity): Promise<string> => {
    const error = await clientOf(engine, identity)
      .info()
      .then(
        () => "it worked",
        (thrown: unknown) => thrown,
      );
    expect(error).to.be.instanceOf(EngineUnreachableError);
    return (error as Error).message;
  };

  describe("with --tlsverify", () => {
    // prettier-ignore
    const mistakes = [
      { it: "an engine of another authority",             spec: {},                                issuer: () => stranger,  text: /x509: certificate signed by unknown authority \(.* an authority in .*ca\.pem\)$/ },
      { it: "an engine of another authority of our name", spec: {},                                issuer: () => namesake,  text: /x509: certificate signed by unknown authority/ },
      { it: "an engine of another address",               spec: { sans: ["127.0.0.2", "::1"] },    issuer: () => authority, text: /x509: certificate is valid for 127\.0\.0\.2, 0:0:0:0:0:0:0:1, not 127\.0\.0\.1 \(/ },
      { it: "an address that is only the common name",    spec: { cn: "127.0.0.1", sans: [] },     issuer: () => authority, text: /x509: cannot validate certificate for 127\.0\.0\.1 because it doesn't contain any IP SANs/ },
      { it: "an expired certificate",                     spec: { from: -3, until: -2 },           issuer: () => authority, text: /x509: certificate has expired or is not yet valid: it has expired \(/ },
      { it: "a certificate of tomorrow",                  spec: { from: 0.5, until: 1 },           issuer: () => authority, text: /x509: certificate has expired or is not yet valid: it is not valid yet \(/ },
      { it: "a certificate for clients",                  spec: { usages: ["client"] as const },   issuer: () => authority, text: /x509: certificate specifies an incompatible key usage \(/ },
    ];
    let namesake: TestAuthority;
    before(async () => {
      namesake = await TestAuthority.create();
    });
    for (const { it: title, spec, issuer, text } of mistakes) {
      it(`refuses ${title}, and says so`, async () => {
        const engine = await engineWith(spec, { issuer: issuer() });
        const message = await failureOf(engine, await identityWith(authority));
        expect(message)
          .to.match(/^error during connect: https:\/\/127\.0\.0\.1:\d+: /)
          .and.match(text);
        expect(engine.requests).to.deep.equal([]);
      });
    }

    // prettier-ignore
    const fine = [
      { it: "an engine with an IP SAN",              host: "127.0.0.1", spec: {} },
      { it: "an engine with a DNS SAN",              host: "localhost", spec: { sans: ["localhost"] } },
      { it: "an engine with nothing but its name",   host: "localhost", spec: { cn: "localhost", sans: [] } },
      { it: "an RSA key",                            host: "127.0.0.1", spec: { key: "rsa" as const } },
      { it: "a certificate without usages",          host: "127.0.0.1", spec: { usages: [] } },
    ];
    for (const { it: title, host, spec } of fine) {
      it(`accepts ${title}`, async () => {
        const engine = await engineWith(spec);
        const identity = await identityWith(authority);
        expect(await clientOf({ ...engine, host }, identity).info()).to.deep.equal({});
        expect(engine.clients).to.deep.equal(["manager"]);
      });
    }

    it("trusts every authority of its file, and intermediates that the engine brings along", async () => {
      const identity = await identityWith(authority, { trusted: [stranger, authority] });
      const between = await stranger.intermediate("between");
      const pair = await between.issue({ cn: "engine", sans: ["127.0.0.1"] });
      const engine = keep(await startTlsEngine({ key: pair.key, cert: `${pair.cert}\n${between.ca}` }));
      expect(await clientOf(engine, identity).info()).to.deep.equal({});
    });

    it("does not trust the authorities of the system when the file has none", async () => {
      const identity = await identityWith(authority);
      const { settings, material } = identity.identity;
      const without = { verify: true, settings, material: { ...material, ca: "" }, context: {} };
      const agent = new TlsEngineAgent({
        ...{ host: "127.0.0.1", port: 1, addr: "127.0.0.1:1" },
        identity: without as never,
      });
      expect(() => agent.open()).to.throw("--tlsverify needs --tlscacert");
    });
  });

  describe("with --tls", () => {
    // prettier-ignore
    const any = [
      { it: "another authority", spec: {},                                issuer: () => stranger  },
      { it: "another name",      spec: { sans: ["elsewhere"] },           issuer: () => authority },
      { it: "no validity",       spec: { from: -3, until: -2 },           issuer: () => authority },
      { it: "the wrong usage",   spec: { usages: ["client"] as const },   issuer: () => authority },
    ];
    for (const { it: title, spec, issuer } of any) {
      it(`accepts an engine's certificate of ${title}, and shows ours`, async () => {
        const engine = await engineWith(spec, { issuer: issuer() });
        expect(await clientOf(engine, await identityWith(authority, { verify: false })).info()).to.deep.equal(
          {},
        );
        expect(engine.clients).to.deep.equal(["manager"]);
      });
    }
  });

  describe("towards an engine that", () => {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      it(`does not accept our certificate (${maxVersion}), fails before it answers`, async () => {
        const engine = await engineWith({}, { maxVersion });
        const message = await failureOf(engine, await identityWith(stranger, { trusted: [authority] }));
        if (maxVersion === "TLSv1.3")
          expect(message).to.match(
            /^The server probably has client authentication \(--tlsverify\) enabled\. Please check your TLS client certification settings: https:.*: .*does not accept .*cert\.pem/,
          );
        else expect(message).to.match(/Is the docker daemon running\? \(.*before secure TLS connection/);
      });
    }

    it("speaks plain HTTP, says so", async () => {
      const plain = createPlainServer((_, res) => res.end()).listen(0, "127.0.0.1");
      await once(plain, "listening");
      keep({ [Symbol.dispose]: () => plain.close() });
      const { port } = plain.address() as AddressInfo;
      const peer = { host: "127.0.0.1", port, addr: `127.0.0.1:${String(port)}` };
      expect(await failureOf(peer, await identityWith(authority))).to.match(
        /^error during connect: https:\/\/127\.0\.0\.1:\d+: http: server gave HTTP response to HTTPS client \(.*--tlsverify/,
      );
    });

    it("speaks nothing newer than TLS 1.1, says so", async () => {
      const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
      expect(await failureOf(await engineWith({}, old), await identityWith(authority))).to.match(
        /^error during connect: .*: remote error: tls: protocol version not supported$/,
      );
    });

    it("accepted our certificate before, is not said to refuse it", async () => {
      const pair = await authority.issue({ cn: "engine", sans: ["127.0.0.1"] });
      const engine = keep(
        await startTlsEngine(pair, (req, res) => {
          if (req.method === "GET") res.end("{}");
          else req.socket.destroy();
        }),
      );
      const client = clientOf(engine, await identityWith(authority));
      await client.info();
      const error = await client.send("POST", "/x").catch((thrown: unknown) => thrown);
      expect((error as Error).message).to.match(/Is the docker daemon running\? \(socket hang up\)$/);
    });

    it("is not there, is reported as without TLS", async () => {
      const peer = { host: "127.0.0.1", port: 1, addr: "127.0.0.1:1" };
      expect(await failureOf(peer, await identityWith(authority))).to.match(
        /^Cannot connect to the Docker daemon at tcp:\/\/127\.0\.0\.1:1\. Is the docker daemon running\? \(connect ECONNREFUSED/,
      );
    });

    it("never ends its handshake, is given up", async () => {
      const silent = createServer().listen(0, "127.0.0.1");
      const accepted = once(silent, "connection") as Promise<[Socket]>;
      await once(silent, "listening");
      keep({ [Symbol.dispose]: () => silent.close() });
      const { port } = silent.address() as AddressInfo;
      const peer = { host: "127.0.0.1", port, addr: `127.0.0.1:${String(port)}` };
      const socket = agentFor(peer, await identityWith(authority), 1).createConnection();
      const [error] = (await once(
        socket.on("error", () => undefined),
        "error",
      ).catch((e: unknown) => [e])) as [Error];
      expect(error.message).to.match(/^no TLS handshake with 127\.0\.0\.1:\d+ within/);
      const [other] = await accepted;
      await once(other.on("error", () => undefined).resume(), "close");
    });

    it("serves TLS, is reported by a plain manager as Docker does", async () => {
      const refusing = createServer((socket) =>
        socket.end("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"),
      ).listen(0, "127.0.0.1");
      await once(refusing, "listening");
      keep({ [Symbol.dispose]: () => refusing.close() });
      const { port } = refusing.address() as AddressInfo;
      const client = new DockerodeClient(wired({ host: "127.0.0.1", port, agent: new Agent() }));
      const error = await client.info().catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(EngineUnreachableError);
      expect((error as Error).message).to.match(
        /^Error response from daemon: Client sent an HTTP request to an HTTPS server\. \(.*--tlsverify/,
      );
    });
  });

  describe("whatever a request says", () => {
    it("verifies the engine's own name, and keeps one pool", async () => {
      const engine = await engineWith();
      const agent = agentFor(engine, await identityWith(authority));
      for (const host of ["elsewhere", "127.0.0.1", "localhost:1"]) {
        const call = request({
          ...{ host: "192.0.2.1", port: 9, agent, path: "/info", headers: { Host: host } },
          ...{ rejectUnauthorized: false, servername: host, ca: stranger.ca },
        });
        call.end();
        const [response] = (await once(call, "response")) as [IncomingMessage];
        await once(response.resume(), "end");
        await new Promise(setImmediate);
      }
      expect(engine.secured).to.have.length(1);
    });

    it("refuses a stranger that a request would accept", async () => {
      const engine = await engineWith({}, { issuer: stranger });
      const agent = agentFor(engine, await identityWith(authority));
      const call = request({ agent, path: "/", rejectUnauthorized: false, ca: stranger.ca });
      call.end();
      const [error] = (await once(call, "response").catch((thrown: unknown) => [thrown])) as [Error];
      expect(error).to.include({ code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
    });

    it("refuses a stranger that Node's environment would accept", async () => {
      const { NODE_TLS_REJECT_UNAUTHORIZED: before } = process.env;
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
      try {
        const engine = await engineWith({}, { issuer: stranger });
        expect(await failureOf(engine, await identityWith(authority))).to.include("unknown authority");
      } finally {
        if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
        else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
      }
    });

    it("reads nothing of docker's environment", async () => {
      const given = {
        DOCKER_HOST: "tcp://192.0.2.1:2376",
        DOCKER_CERT_PATH: "/nowhere",
        DOCKER_TLS_VERIFY: "1",
      };
      const before = { ...process.env };
      Object.assign(process.env, given);
      try {
        const engine = await engineWith();
        expect(await clientOf(engine, await identityWith(authority)).info()).to.deep.equal({});
        expect(process.env).to.include(given);
      } finally {
        process.env = before;
      }
    });
  });

  describe("when the certificate is read again", () => {
    it("drops idle connections, keeps busy ones to their end, and opens new ones with it", async () => {
      const pair = await authority.issue({ cn: "engine", sans: ["127.0.0.1"] });
      const waiting: (() => void)[] = [];
      const options = { ...pair, ca: authority.ca, requestCert: true };
      const engine = keep(
        await startTlsEngine(options, (req, res) => {
          if (req.url === "/info") res.end("{}");
          else waiting.push(() => res.end("[]"));
        }),
      );
      const identity = await identityWith(authority);
      const agent = agentFor(engine, identity);
      const target = wired({ ...engine, agent });
      const client = new DockerodeClient(target);
      const busy = client.listAllContainers();
      await once(engine.server, "request");
      await client.info();
      expect(engine.clients).to.deep.equal(["manager", "manager"]);
      const [inUse, idle] = engine.secured;

      const dropped = once(idle!, "close");
      await identity.replace(authority, { cn: "manager of today" });
      target.wire.closeIdle();
      await dropped;
      expect(inUse!.destroyed).to.equal(false);
      await client.info();
      expect(engine.clients[2]).to.equal("manager of today");

      const ended = once(inUse!, "close");
      waiting[0]!();
      expect((await busy).entries()).to.deep.equal([]);
      await ended;
      await client.info();
      expect(engine.clients).to.have.length(3);
    });

    it("verifies again, although it knew the engine before", async () => {
      const engine = await engineWith();
      const identity = await identityWith(authority);
      const agent = agentFor(engine, identity);
      const target = wired({ ...engine, agent });
      const client = new DockerodeClient(target);
      await client.info();
      await identity.replace(stranger);
      target.wire.closeIdle();
      const error = await client.info().catch((thrown: unknown) => thrown);
      expect((error as Error).message).to.include("x509: certificate signed by unknown authority");
      await identity.replace(authority);
      target.wire.closeIdle();
      await client.info();
    });
  });
});
