import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { StdinQueue } from "./process.ts";

/** The eight bytes before each chunk of a container without a terminal. */
export function frame(stream: 1 | 2, data: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(8 + data.length);
  framed.writeUInt32BE(stream * 0x1000000, 0);
  framed.writeUInt32BE(data.length, 4);
  data.copy(framed, 8);
  return framed;
}

/** Content type of a log or attach stream: the multiplexed name exists from API 1.42 on. */
export function streamType(tty: boolean, apiMinor: number): string {
  return tty || apiMinor < 42
    ? "application/vnd.docker.raw-stream"
    : "application/vnd.docker.multiplexed-stream";
}

/** Which of its streams a client wants, and whether the container has a terminal. */
export interface AttachWish {
  readonly tty: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/** A client attached to a container or exec. */
export class AttachedClient {
  readonly #to: Duplex | ServerResponse;
  readonly #wish: AttachWish;

  constructor(to: Duplex | ServerResponse, wish: AttachWish) {
    this.#to = to;
    this.#wish = wish;
    to.on("error", () => to.destroy());
  }

  /** A promise means the client is slow: wait for it. */
  write(stream: 1 | 2, data: Buffer): Promise<void> | undefined {
    const to = this.#to;
    const wanted = stream === 1 || this.#wish.tty ? this.#wish.stdout : this.#wish.stderr;
    if (!wanted || to.writableEnded || to.destroyed) return undefined;
    if (to.write(this.#wish.tty ? data : frame(stream, data))) return undefined;
    return new Promise((resolve) => {
      const on = (): void => {
        to.off("drain", on).off("close", on);
        resolve();
      };
      to.on("drain", on).on("close", on);
    });
  }

  /** No more output: the client gets the end, and what it still sends is thrown away. */
  end(): void {
    this.#to.end();
    if (!("resume" in this.#to)) return;
    const socket = this.#to;
    socket.resume();
    socket.once("end", () => socket.destroy());
    socket.once("finish", () => setImmediate(() => socket.destroy()));
  }

  onClose(left: () => void): void {
    this.#to.once("close", left);
  }
}

/** Feeds what a hijacked connection sends into a process's standard input; `ended` when the client closes its side. */
export function pumpStdin(from: Duplex, stdin: StdinQueue, ended: () => void): void {
  from.on("data", (chunk: Buffer) => {
    if (stdin.push(chunk)) return;
    from.pause();
    stdin.onDrain(() => from.resume());
  });
  from.once("end", ended).once("close", ended);
  from.resume();
}

/** One write to many: undefined unless somebody is slow. */
export function writeToAll(
  clients: Iterable<AttachedClient>,
  stream: 1 | 2,
  data: Buffer,
): Promise<void> | undefined {
  const slow: Promise<void>[] = [];
  for (const client of clients) {
    const wait = client.write(stream, data);
    if (wait) slow.push(wait);
  }
  return slow.length === 0 ? undefined : Promise.all(slow).then(() => undefined);
}
