import type { Socket } from "node:net";
import type { Splice } from "../../src/proxy/splice.ts";
import { Mailbox, RawClient, managerFor, rawEngine } from "./support.ts";

export const upgraded = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
export const legacyRaw = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n";
export const attach = "POST /attach HTTP/1.1\r\nHost: m\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
export const attachLegacy = "POST /attach HTTP/1.1\r\nHost: m\r\n\r\n";

/** The engine's side of one connection, collected. */
export class EngineSide {
  text = "";
  ended = false;
  readonly socket: Socket;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => {
      this.text += chunk.toString("latin1");
      this.#wake();
    });
    socket.once("end", () => {
      this.ended = true;
      this.#wake();
    });
  }

  async receives(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.text)) await this.#change();
  }

  async isEnded(): Promise<void> {
    while (!this.ended) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

/** An engine under the test's hand: each connection waits in the mailbox. */
export async function handEngine() {
  const sides = new Mailbox<EngineSide>();
  return { ...(await rawEngine((socket) => sides.put(new EngineSide(socket)))), sides };
}

/** A client whose stream is established. */
export async function attached(request = attach, answer = upgraded) {
  const { target, server, sides } = await handEngine();
  const splices = new Mailbox<Splice>();
  const manager = await managerFor(target, { hijack: { onEstablished: (splice) => splices.put(splice) } });
  const client = new RawClient(manager.port);
  client.send(request);
  const engine = await sides.take();
  await engine.receives(/\r\n\r\n/);
  engine.socket.write(answer);
  await client.receives(/\r\n\r\n/);
  return { target, server, manager, client, engine, splice: await splices.take() };
}
