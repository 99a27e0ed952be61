import { createServer } from "node:https";
import type { Server } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import { TLSSocket, type TlsOptions } from "node:tls";
import { expect } from "chai";
import { TestAuthority } from "../../support/certificates.ts";
import { makePki, type Pki } from "../../tls/pki.ts";
import { request, until } from "../../api/support.ts";
import { closeAll, Mailbox, rawEngine } from "../../proxy/support.ts";
import { namedPrimary, startReplica, stopReplicas } from "./support.ts";

describe("replication/relay with TLS", () => {
  let authority: TestAuthority;
  let pki: Pki;
  let opened: { readonly server: Server; readonly sockets: Set<Socket> }[];
  before(async () => (authority = await TestAuthority.create()));
  beforeEach(async () => {
    pki = await makePki(authority);
    opened = [];
  });
  afterEach(async () => {
    await stopReplicas();
    for (const { server, sockets } of opened) {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
    await closeAll();
    pki.remove();
  });

  /** A primary that says who asked it; `port` is what it can be reached at. */
  const primary = async (
    options: TlsOptions & { readonly by?: TestAuthority; readonly sans?: readonly string[] } = {},
  ): Promise<{
    readonly port: number;
    readonly sockets: Set<Socket>;
    /** Connections so far. */
    readonly made: () => number;
  }> => {
    const { by = authority, sans = ["127.0.0.1"], ...rest } = options;
    const pair = await by.issue({ cn: "manager-1", sans });
    const server = createServer(
      { ...pair, ca: authority.ca, requestCert: true, allowHalfOpen: true, ...rest } as TlsOptions,
      (req, res) => {
        const { socket } = req;
        const shown = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
        res.end(`asked by ${(shown as { CN?: string } | undefined)?.CN ?? "nobody"}`);
      },
    );
    server.on("upgrade", (_req, socket) => void socket.end("HTTP/1.1 101 UPGRADED\r\n\r\nraw over TLS"));
    server.on("tlsClientError", () => undefined);
    const sockets = new Set<Socket>();
    let made = 0;
    server.on("connection", (socket: Socket) => {
      made++;
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    opened.push({ server, sockets });
    return { port: (server.address() as AddressInfo).port, sockets, made: () => made };
  };

  /** A replica with this identity, asked without TLS itself. */
  const replicaOf = (verify: boolean, waitMs = 0) =>
    startReplica({ tls: pki.identity(verify), servesPlain: true, waitMs });
  const answerThrough = async (verify: boolean, host: string, port: number): Promise<string> => {
    const replica = await replicaOf(verify);
    replica.replication.elect(`${host}:${port}`);
    const { status, text } = await request(replica.port, "GET", "/version");
    return status === 200 ? text : `${status} ${text}`;
  };

  it("shows its own certificate, and verifies the primary's", async () => {
    expect(await answerThrough(true, "127.0.0.1", (await primary()).port)).to.equal("asked by manager");
  });

  it("takes the name from the primary's advertised address", async () => {
    const { port } = await primary({ sans: ["localhost"] });
    expect(await answerThrough(true, "localhost", port)).to.equal("asked by manager");
    const refusal = await answerThrough(true, "127.0.0.1", port);
    expect(refusal).to.match(
      /^503 .*Unable to reach primary cluster manager \(.*127\.0\.0\.1.*the host of its --advertise/,
    );
  });

  it("passes nothing on to a primary of another authority", async () => {
    const { port } = await primary({ by: await TestAuthority.create("stranger") });
    expect(await answerThrough(true, "127.0.0.1", port)).to.match(
      /^503 .*Unable to reach primary cluster manager \(.*certificate signed by unknown authority \(the primary manager's certificate/,
    );
  });

  it("asks for no proof with --tls", async () => {
    const { port } = await primary({ by: await TestAuthority.create("stranger"), sans: ["elsewhere"] });
    expect(await answerThrough(false, "127.0.0.1", port)).to.equal("asked by manager");
  });

  it("says of a primary that does not take its certificate what is wrong", async () => {
    const { port } = await primary({
      ca: (await TestAuthority.create("other")).ca,
      rejectUnauthorized: true,
    });
    const replica = await replicaOf(true);
    replica.replication.elect(`127.0.0.1:${port}`);
    const { status, message } = await request(replica.port, "POST", "/containers/prune");
    expect(status).to.equal(503);
    expect(message).to.match(/does not accept .*cert\.pem/);
  });

  it("knows a primary without TLS, and one with TLS when it has none itself", async () => {
    const plain = await namedPrimary("plain");
    expect(await answerThrough(true, "127.0.0.1", Number(plain.addr.split(":")[1]))).to.match(
      /^503 .*Unable to reach .*the primary manager serves no TLS on this port/,
    );
    const { port } = await primary();
    const replica = await startReplica({ waitMs: 0 });
    replica.replication.elect(`127.0.0.1:${port}`);
    expect((await request(replica.port, "GET", "/version")).status).to.equal(503);
  });

  it("makes one connection for requests that follow each other", async () => {
    const { port, made } = await primary();
    const replica = await replicaOf(true);
    replica.replication.elect(`127.0.0.1:${port}`);
    for (let n = 0; n < 3; n++)
      expect((await request(replica.port, "GET", "/version")).text).to.equal("asked by manager");
    expect(made()).to.equal(1);
  });

  it("gives up a primary that does not finish its handshake as soon as another one is", async () => {
    const dialled = new Mailbox<Socket>();
    const { target } = await rawEngine((socket) => dialled.put(socket));
    const { port } = await primary();
    const replica = await replicaOf(true, 10_000);
    replica.replication.elect(target.addr);
    const answer = request(replica.port, "GET", "/version");
    const silent = await dialled.take();
    expect(replica.relay.load.waiting, "it still dials").to.equal(0);
    replica.replication.elect(`127.0.0.1:${port}`);
    expect((await answer).text).to.equal("asked by manager");
    await until(() => silent.destroyed || silent.readableEnded);
  });

  it("joins raw streams over TLS", async () => {
    const { port } = await primary();
    const replica = await replicaOf(true);
    replica.replication.elect(`127.0.0.1:${port}`);
    const client = connect(replica.port, "127.0.0.1");
    let text = "";
    client.on("data", (chunk: Buffer) => (text += chunk.toString()));
    client.write(
      "POST /containers/x/attach HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    );
    await until(() => text.includes("raw over TLS"));
    client.destroy();
  });

  it("uses a renewed certificate for the next request", async () => {
    const { port, sockets } = await primary();
    const identity = pki.identity(true);
    const replica = await startReplica({ tls: identity, servesPlain: true, waitMs: 0 });
    replica.replication.elect(`127.0.0.1:${port}`);
    expect((await request(replica.port, "GET", "/version")).text).to.equal("asked by manager");
    await pki.renew({ cn: "renewed" });
    identity.reload();
    await until(() => sockets.size === 0);
    expect((await request(replica.port, "GET", "/version")).text).to.equal("asked by renewed");
  });
});
