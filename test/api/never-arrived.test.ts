import { once } from "node:events";
import { Agent, createServer as createPlainServer, type RequestListener } from "node:http";
import type { ServerOptions } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { expect } from "chai";
import { neverArrived } from "../../src/api/never-arrived.ts";
import { DockerodeClient } from "../../src/docker/dockerode-client.ts";
import { EngineUnreachableError } from "../../src/docker/engine-client.ts";
import { TlsEngineAgent } from "../../src/docker/tls-engine-agent.ts";
import { startTlsEngine, testIdentity, type TlsEngine } from "../docker/tls-engine.ts";
import { wired } from "../docker/wire-server.ts";
import { TestAuthority, type CertificateSpec } from "../support/certificates.ts";

describe("api/never-arrived", () => {
  let authority: TestAuthority;
  let stranger: TestAuthority;
  const opened: (Disposable | AsyncDisposable)[] = [];
  before(async () => {
    authority = await TestAuthority.create();
    stranger = await TestAuthority.create("somebody else");
  });
  afterEach(async () => {
    for (const each of opened.splice(0).reverse())
      if (Symbol.asyncDispose in each) await each[Symbol.asyncDispose]();
      else each[Symbol.dispose]();
  });

  interface Way {
    readonly issuer?: TestAuthority;
    readonly spec?: Partial<CertificateSpec>;
    readonly server?: ServerOptions;
    readonly answer?: RequestListener;
    /** Of the manager's own certificate. */
    readonly shown?: TestAuthority;
  }

  async function engineOf({ issuer = authority, spec, server, answer }: Way): Promise<TlsEngine> {
    const pair = await issuer.issue({ cn: "engine", sans: ["127.0.0.1"], ...spec });
    const verified = { ca: authority.ca, requestCert: true, rejectUnauthorized: true };
    const engine = await startTlsEngine({ ...pair, ...verified, ...server }, answer);
    opened.push(engine);
    return engine;
  }

  /** How a create ends, as seen by who would make it elsewhere. */
  async function verdict(port: number, shown?: TestAuthority): Promise<boolean> {
    const manager = await testIdentity(shown ?? authority, { trusted: [authority] });
    const peer = { host: "127.0.0.1", port, addr: `127.0.0.1:${String(port)}` };
    const agent = new TlsEngineAgent({ ...peer, identity: manager.identity }, { keepAlive: true });
    opened.push(manager, { [Symbol.dispose]: () => agent.destroy() });
    return await judged(new DockerodeClient(wired({ ...peer, agent })));
  }

  async function judged(client: DockerodeClient): Promise<boolean> {
    const error = await client
      .request({ method: "POST", path: "/containers/create", body: { Image: "busybox" } })
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(EngineUnreachableError);
    return neverArrived(error as EngineUnreachableError);
  }

  // prettier-ignore
  const broken: Readonly<Record<string, () => Way>> = {
    "an engine of another authority":             () => ({ issuer: stranger }),
    "an engine of another address":               () => ({ spec: { sans: ["127.0.0.2"] } }),
    "an engine whose certificate expired":        () => ({ spec: { from: -3, until: -2 } }),
    "an engine with TLS 1.1":                     () => ({ server: { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } }),
    "an engine that refuses us before, TLS 1.2":  () => ({ server: { maxVersion: "TLSv1.2" }, shown: stranger }),
  };
  for (const [name, way] of Object.entries(broken)) {
    it(`knows that nothing reached ${name}`, async () => {
      const engine = await engineOf(way());
      expect(await verdict(engine.port, way().shown)).to.equal(true);
      expect(engine.requests).to.deep.equal([]);
    });
  }

  it("knows that nothing reached a plain engine, which does not speak TLS", async () => {
    const plain = createPlainServer().listen(0, "127.0.0.1");
    opened.push({ [Symbol.dispose]: () => plain.close() });
    await once(plain, "listening");
    expect(await verdict((plain.address() as AddressInfo).port)).to.equal(true);
  });

  it("knows that nothing reached an engine that speaks TLS, when we do not", async () => {
    const engine = createServer((socket) =>
      socket.end("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"),
    ).listen(0, "127.0.0.1");
    opened.push({ [Symbol.dispose]: () => engine.close() });
    await once(engine, "listening");
    const { port } = engine.address() as AddressInfo;
    const target = wired({ host: "127.0.0.1", port, agent: new Agent() });
    expect(await judged(new DockerodeClient(target))).to.equal(true);
  });

  it("knows that an engine which answers our certificate with an alert read nothing", () => {
    const alert = new Error("C0:error:0A000412:SSL routines:ssl3_read_bytes:reason:SSL alert number 42");
    const error = new EngineUnreachableError("x", "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", { cause: alert });
    expect(neverArrived(error)).to.equal(true);
  });

  it("does not know what became of a request whose connection broke afterwards", async () => {
    const engine = await engineOf({ answer: (req) => void req.socket.destroy() });
    expect(await verdict(engine.port)).to.equal(false);
    expect(engine.requests).to.have.length(1);
  });
});
