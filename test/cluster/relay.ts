import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Another address of an engine, which can be taken away, and lose requests on the way. */
export interface Relay extends AsyncDisposable {
  readonly addr: string;
  /** Requests whose first line matches never arrive. */
  loses: RegExp | undefined;
  /** How many it has lost. */
  lost: number;
  close(): Promise<void>;
  open(): Promise<void>;
}

export async function startRelay(target: string): Promise<Relay> {
  const [host = "", targetPort = ""] = target.split(":");
  const sockets = new Set<Socket>();
  let port = 0;
  const server = createServer((client) => {
    const engine = connect(Number(targetPort), host);
    for (const [socket, other] of [
      [client, engine],
      [engine, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      const [line = ""] = chunk.toString("latin1").split("\r\n", 1);
      if (relay.loses?.test(line) === true) relay.lost++;
      else engine.write(chunk);
    });
    engine.pipe(client);
  });
  const relay: Relay = {
    get addr() {
      return `127.0.0.1:${port}`;
    },
    loses: undefined,
    lost: 0,
    async open() {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      ({ port } = server.address() as AddressInfo);
    },
    async close() {
      if (!server.listening) return;
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
    [Symbol.asyncDispose]: () => relay.close(),
  };
  await relay.open();
  return relay;
}
