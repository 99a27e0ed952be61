import { connect, type AddressInfo, type Socket } from "node:net";
import { createServer, type TlsOptions } from "node:tls";

/** Speaks TLS in front of a plain server: what `dockerd --tlsverify` looks like when the server is a simulated engine. */
export interface TlsFront extends AsyncDisposable {
  /** `host:port` */
  readonly addr: string;
}

export async function tlsFront(addr: string, options: TlsOptions): Promise<TlsFront> {
  const [host = "", port = ""] = addr.split(":");
  const sockets = new Set<Socket>();
  const server = createServer({ ...options, allowHalfOpen: true } as TlsOptions, (outer) => {
    const inner = connect({ host, port: Number(port), allowHalfOpen: true });
    for (const [one, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      one.on("error", () => other.destroy()).on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    addr: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
