import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, RequestListener } from "node:http";
import { createServer, type Server, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TLSSocket } from "node:tls";
import { TlsIdentity } from "../../src/tls/identity.ts";
import type { CertificateSpec, TestAuthority } from "../support/certificates.ts";

/** An engine that serves TLS on the loopback interface. */
export interface TlsEngine extends AsyncDisposable {
  readonly server: Server;
  readonly host: string;
  readonly port: number;
  readonly addr: string;
  /** Connections whose handshake is done. */
  readonly secured: readonly TLSSocket[];
  /** Common names that clients have shown. */
  readonly clients: readonly string[];
  /** Paths that were asked for. */
  readonly requests: readonly string[];
}

/** @param options of the server, its pair among them */
export async function startTlsEngine(
  options: ServerOptions,
  listener: RequestListener = (_, res) => res.end("{}"),
): Promise<TlsEngine> {
  const server = createServer({ allowHalfOpen: true, ...options }, listener);
  const requests: string[] = [];
  server.on("request", ({ url = "" }: IncomingMessage) => requests.push(url));
  const secured: TLSSocket[] = [];
  const clients: string[] = [];
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket.once("close", () => open.delete(socket)));
  });
  server.on("tlsClientError", () => undefined);
  server.on("secureConnection", (socket) => {
    secured.push(socket.on("error", () => undefined));
    clients.push((socket.getPeerCertificate() as { subject?: { CN?: string } }).subject?.CN ?? "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    ...{ server, host: "127.0.0.1", port, addr: `127.0.0.1:${String(port)}`, secured, clients, requests },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, "close");
    },
  };
}

/** The manager's files, in a folder of their own. */
export interface TestIdentity extends Disposable {
  readonly identity: TlsIdentity;
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Replaces the files and reads them again. */
  replace(authority: TestAuthority, spec?: Partial<CertificateSpec>): Promise<void>;
}

/** @param trusted the manager's authorities, when they are not the one that made its certificate */
export async function testIdentity(
  authority: TestAuthority,
  given: Partial<CertificateSpec> & {
    readonly verify?: boolean;
    readonly trusted?: readonly TestAuthority[];
  } = {},
): Promise<TestIdentity> {
  const { verify = true, trusted, ...spec } = given;
  const folder = mkdtempSync(path.join(tmpdir(), "swarm-tls-"));
  const files = await authority.write(folder, { cn: "manager", ...spec });
  if (trusted !== undefined) writeFileSync(files.ca, trusted.map(({ ca }) => `${ca}\n`).join(""));
  const identity = TlsIdentity.load({ verify, ...files, ca: verify ? files.ca : undefined });
  return {
    identity,
    files,
    async replace(other, otherSpec = {}) {
      await other.write(folder, { cn: "manager", ...otherSpec });
      identity.reload();
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
