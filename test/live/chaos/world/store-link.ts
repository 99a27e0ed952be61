import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A way to a server of the store on which every word can take long. */
export class StoreLink implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #target: readonly [string, number];
  /** How long each chunk is held back, milliseconds. */
  delayMs = 0;

  private constructor(server: Server, target: readonly [string, number]) {
    this.#server = server;
    this.#target = target;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (client) => this.#pipe(client));
  }

  /** Listens at `ip` on a port of its own. @param target `host:port` */
  static async start(ip: string, target: string): Promise<StoreLink> {
    const [host = "", port = ""] = target.split(":");
    const server = createServer({ noDelay: true });
    server.listen(0, ip);
    await once(server, "listening");
    return new StoreLink(server, [host, Number(port)]);
  }

  #pipe(client: Socket): void {
    const [host, port] = this.#target;
    const upstream = connect({ host, port, noDelay: true });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      void this.#copy(socket, other);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }

  async #copy(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from) {
        if (this.delayMs > 0) await sleep(this.delayMs);
        if (!to.write(chunk as Buffer)) await once(to, "drain");
      }
      to.end();
    } catch {
      to.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}
