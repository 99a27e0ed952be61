import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

/** Another way to a server, which can be cut: connections stay, and take new ones, but nothing gets through. */
export class Relay implements AsyncDisposable {
  readonly address: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #forgotten = new Set<Socket>();
  #isCut = false;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.address = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    server.on("connection", () => this.#isCut && this.cut());
  }

  static async start(target: string): Promise<Relay> {
    const [host = "", port = ""] = target.split(":");
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const upstream = connect(Number(port), host);
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(socket);
        socket.on("data", (chunk) => other.write(chunk));
        socket.on("error", () => undefined);
        socket.on("close", () => {
          if (sockets.delete(socket)) other.destroy();
        });
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Relay(server, sockets);
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Nothing more gets through the connections there are; new ones work. */
  forget(): void {
    for (const socket of this.#sockets) {
      socket.pause();
      this.#forgotten.add(socket);
    }
    this.#sockets.clear();
  }

  /** Ends the connections there are, with what had not got through; new ones work. */
  reset(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of [...this.#sockets, ...this.#forgotten]) socket.destroy();
    await once(this.#server, "close");
  }
}
