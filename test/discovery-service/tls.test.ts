import { rm } from "node:fs/promises";
import path from "node:path";
import { createConnection } from "node:net";
import { connect } from "node:tls";
import { expect } from "chai";
import { TokenClient } from "../../discovery/token-client.ts";
import { ServiceListener } from "../../src/discovery-service/listener.ts";
import { TlsIdentity } from "../../src/tls/identity.ts";
import { TestAuthority } from "../support/certificates.ts";
import { openBench, recordLog, useFolder } from "./support.ts";

/** The serial number of the certificate that a server shows. */
async function serialAt(port: number, ca: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", ca }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

describe("discovery-service/service with TLS", () => {
  const folder = useFolder();
  let authority: TestAuthority;
  before(async () => {
    authority = await TestAuthority.create();
  });
  const files = (name: string) =>
    authority.write(path.join(folder(), name), { cn: name, sans: ["127.0.0.1"] });
  const health = async (port: number, options: Readonly<Record<string, string>>): Promise<string> => {
    const base = new URL(`https://127.0.0.1:${port}`);
    await using client = new TokenClient({ base, mayBePlain: false, options, env: {} });
    const answer = await client.ask({ method: "POST", path: "" }).catch((error: unknown) => error as Error);
    return answer instanceof Error ? answer.message : String(answer.status);
  };

  it("speaks https with clients that trust its authority", async () => {
    const { ca, cert, key } = await files("server");
    const tls = TlsIdentity.load({ verify: false, ca: undefined, cert, key });
    await using bench = await openBench(path.join(folder(), "data"), { tls });
    const port = bench.service.ports[0]!;
    expect(await health(port, { "token.cacertfile": ca })).to.equal("200");
    expect(await health(port, {})).to.include(
      "trust its authority with --discovery-opt token.cacertfile=FILE",
    );
    expect(bench.logged.join("\n")).to.not.include("without TLS");
  });

  it("serves only clients with a certificate when it is told to", async () => {
    const { ca, cert, key } = await files("server");
    const client = await files("client");
    const stranger = await (
      await TestAuthority.create("stranger")
    ).write(path.join(folder(), "stranger"), { cn: "x" });
    const tls = TlsIdentity.load({ verify: true, ca, cert, key });
    await using bench = await openBench(path.join(folder(), "data"), { tls });
    const port = bench.service.ports[0]!;
    const with_ = (pair: { cert: string; key: string }) =>
      health(port, { "token.cacertfile": ca, "token.certfile": pair.cert, "token.keyfile": pair.key });
    expect(await with_(client)).to.equal("200");
    expect(await with_(stranger)).to.match(/^Post ".*": /);
    expect(await health(port, { "token.cacertfile": ca })).to.match(/^Post ".*": /);
  });

  // prettier-ignore
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    it(`resumes no session of ${version}: a client whose authority was withdrawn meanwhile would come in`, async () => {
      const { cert, key } = await files("server");
      const tls = TlsIdentity.load({ verify: false, ca: undefined, cert, key });
      await using bench = await openBench(path.join(folder(), "data"), { tls });
      const options = { port: bench.service.ports[0]!, host: "127.0.0.1", ca: authority.ca, minVersion: version, maxVersion: version };
      /** Whether a connection resumed a session, and the last session that it was given. */
      const visit = (session?: Buffer) =>
        new Promise<{ resumed: boolean; session: Buffer | undefined }>((resolve, reject) => {
          const socket = connect({ ...options, ...(session && { session }) });
          let given: Buffer | undefined = session;
          socket.on("session", (fresh) => (given = fresh)).on("error", reject).resume();
          socket.once("secureConnect", () => socket.write("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
          socket.once("end", () => resolve({ resumed: socket.isSessionReused(), session: given ?? socket.getSession() }));
        });
      const first = await visit();
      expect((await visit(first.session)).resumed).to.equal(false);
      bench.service.reload();
      const second = await visit();
      expect((await visit(second.session)).resumed).to.equal(false);
    });
  }

  it("cuts off a client whose handshake takes too long, whatever it says meanwhile", async () => {
    const { cert, key } = await files("server");
    const tls = TlsIdentity.load({ verify: false, ca: undefined, cert, key });
    const options = {
      tls,
      maxConnections: 8,
      isBehindProxy: false,
      handshakeMs: 50,
      handle: () => undefined,
    };
    const lines: string[] = [];
    await using listener = await ServiceListener.open(
      { host: "127.0.0.1", port: 0, addr: "127.0.0.1:0" },
      { ...options, log: recordLog().log, stderr: (line) => lines.push(line) },
    );
    const socket = createConnection(listener.port, "127.0.0.1");
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    socket.on("error", () => undefined).write(Buffer.from([0x16, 3, 1, 1, 0]));
    const dripping = setInterval(() => socket.write("\0"), 10);
    await closed;
    clearInterval(dripping);
    expect(lines.join("")).to.match(/http: TLS handshake error from 127\.0\.0\.1:\d+: i\/o timeout\n$/);
  });

  it("shows its new certificate when told to read it again, and keeps the old one when that cannot be", async () => {
    const { cert, key } = await files("server");
    const tls = TlsIdentity.load({ verify: false, ca: undefined, cert, key });
    await using bench = await openBench(path.join(folder(), "data"), { tls });
    const port = bench.service.ports[0]!;
    const first = await serialAt(port, authority.ca);
    await files("server");
    expect(await serialAt(port, authority.ca)).to.equal(first);
    bench.service.reload();
    const second = await serialAt(port, authority.ca);
    expect(second).to.not.equal(first);
    await rm(cert);
    bench.service.reload();
    expect(await serialAt(port, authority.ca)).to.equal(second);
    expect(bench.logged.join("\n")).to.include("error not reloaded: what was in force stays");
  });
});
