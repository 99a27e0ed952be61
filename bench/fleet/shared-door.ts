import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** Takes the connections to one address. */
export type Accept = (socket: Socket) => void;

/**
 * One listening socket for engines of many loopback addresses, told apart by the address their clients connect to: a process may not open enough files for ten
 * thousand listeners and all their connections. An address at which nobody listens hangs up instead of refusing.
 */
export class SharedDoor {
  readonly #server: Server;
  readonly #open = new Map<string, Accept>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      const { localAddress = "" } = socket;
      // It listens everywhere, because nothing else has all those addresses; it is there for this machine only.
      const accept = localAddress.startsWith("127.") ? this.#open.get(localAddress) : undefined;
      if (accept === undefined) socket.on("error", () => undefined).resetAndDestroy();
      else accept(socket);
    });
  }

  static async start(): Promise<SharedDoor> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port: 0, host: "0.0.0.0", backlog: 4_096 }, resolve);
    });
    // Ends with the process, whoever else still uses it.
    server.unref();
    return new SharedDoor(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  open(host: string, accept: Accept): void {
    this.#open.set(host, accept);
  }

  close(host: string): void {
    this.#open.delete(host);
  }
}
