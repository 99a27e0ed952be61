import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ReplyReader, type BodyTaker, type Reply } from "./reply-reader.ts";

/** Read into again and again: what is not kept costs no memory. */
const READ_BYTES = 256 << 10;

interface Pending {
  readonly reader: ReplyReader;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  /** Called once, at the head. */
  begun: (() => void) | undefined;
}

/** One kept-alive HTTP/1.1 connection with one request at a time: sockets and nothing else, so that the client is not what is measured. */
export class Connection {
  readonly #socket: Socket;
  #pending: Pending | undefined;
  #error: Error | undefined;

  private constructor(host: string, port: number) {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    this.#socket = connect({
      ...{ host, port, noDelay: true },
      onread: { buffer, callback: (bytes) => this.#read(buffer.subarray(0, bytes)) },
    });
    this.#socket.on("error", (error) => this.#end(error));
    this.#socket.on("close", () => this.#end(new Error("the connection was closed")));
  }

  /** @param addr `127.0.0.1:2375` */
  static async open(addr: string): Promise<Connection> {
    const at = addr.lastIndexOf(":");
    const connection = new Connection(addr.slice(0, at), Number(addr.slice(at + 1)));
    await new Promise<void>((resolve, reject) => {
      connection.#socket.once("connect", resolve).once("error", reject);
    });
    return connection;
  }

  /** Several at once. */
  static openMany(addr: string, count: number): Promise<Connection[]> {
    return Promise.all(Array.from({ length: count }, () => Connection.open(addr)));
  }

  /**
   * Sends a whole request and waits for the whole answer.
   * @param request head and body, see `requestText`
   * @param keep whether the body is wanted, or only its length
   */
  send(request: string, keep = false): Promise<Reply> {
    return this.#exchange(request, new ReplyReader(keep ? "keep" : "count"));
  }

  /**
   * Sends a request and hands over the body of its answer as it comes. Settles at the end of the answer, rejects when the connection
   * ends before.
   * @param begun called when the head is here
   */
  stream(request: string, body: BodyTaker, begun: () => void = () => undefined): Promise<Reply> {
    return this.#exchange(request, new ReplyReader(body), begun);
  }

  /** Sends so many bytes of `block`, over and over, as the body of a request. @param head request line and headers, with the length */
  async upload(head: string, block: Buffer, bytes: number): Promise<Reply> {
    const reply = this.#exchange(head, new ReplyReader("keep"));
    for (let left = bytes; left > 0 && !this.#socket.destroyed; left -= block.length) {
      const more = this.#socket.write(left < block.length ? block.subarray(0, left) : block);
      if (!more) await Promise.race([once(this.#socket, "drain"), reply]);
    }
    return reply;
  }

  #exchange(request: string, reader: ReplyReader, begun?: () => void): Promise<Reply> {
    if (this.#error) return Promise.reject(this.#error);
    if (this.#pending) return Promise.reject(new Error("one request at a time"));
    return new Promise((resolve, reject) => {
      this.#pending = { reader, resolve, reject, begun };
      this.#socket.write(request, "latin1");
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(data: Buffer): boolean {
    const pending = this.#pending;
    if (!pending) {
      this.#socket.destroy(new Error(`an answer nobody asked for: ${data.toString("latin1", 0, 100)}`));
      return false;
    }
    try {
      const used = pending.reader.read(data);
      if (pending.begun && pending.reader.hasHead) {
        pending.begun();
        pending.begun = undefined;
      }
      if (!pending.reader.isDone) return true;
      if (used < data.length) throw new Error("more than one answer came");
    } catch (error) {
      this.#pending = undefined;
      this.#error = error as Error;
      pending.reject(this.#error);
      this.#socket.destroy();
      return false;
    }
    this.#pending = undefined;
    pending.resolve(pending.reader.reply);
    return true;
  }

  #end(error: Error): void {
    this.#error ??= error;
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reader.close();
    if (pending?.reader.isDone) pending.resolve(pending.reader.reply);
    else pending?.reject(this.#error);
  }
}
