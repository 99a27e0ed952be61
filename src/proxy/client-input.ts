import type { Socket } from "node:net";

/** More than this is not kept while nobody takes it: the client is paused. */
const maxKeptBytes = 64 * 1024;

/** Why a stream is over. One for all: every stream ends, and Node would make an exception with a stack for each. */
export const CLIENT_LEFT = new Error("the client left");

/** Where a client's bytes go. `data` answers whether more may follow now; if not, `resume` is called later. */
export interface InputSink {
  data(chunk: Buffer): boolean;
  /** The client closed its write side; it may still read. */
  end(): void;
}

/**
 * What a client sends behind its request head. It is read all the time, and kept while nobody takes it (64 KiB), so that a
 * client leaving is noticed also while its engine is silent.
 */
export class ClientInput {
  /** Fires when the connection is gone, whoever ended it. */
  readonly left: AbortSignal;
  readonly #socket: Socket;
  #kept: Buffer[];
  #ended = false;
  #sink: InputSink | undefined;
  readonly #stop: () => void;

  /** @param head bytes that came in one packet with the request */
  constructor(socket: Socket, head: Buffer) {
    const left = new AbortController();
    const onData = (chunk: Buffer): void => this.#take(chunk);
    const onEnd = (): void => {
      this.#ended = true;
      this.#sink?.end();
    };
    const onGone = (): void => left.abort(CLIENT_LEFT);
    this.left = left.signal;
    this.#socket = socket;
    this.#ended = socket.readableEnded; // its handler may have waited, and the client closed meanwhile
    this.#kept = head.length > 0 ? [head] : [];
    this.#stop = () => void socket.off("data", onData).off("end", onEnd).off("close", onGone);
    socket.on("data", onData).once("end", onEnd).once("close", onGone);
    if (socket.destroyed) left.abort(CLIENT_LEFT);
    else socket.resume();
  }

  /** Gives the sink everything kept, and from then on everything as it comes; `undefined` keeps again. */
  flowInto(sink: InputSink | undefined): void {
    this.#sink = sink;
    if (!sink) return;
    const kept = this.#kept;
    this.#kept = [];
    this.resume();
    for (const chunk of kept) this.#take(chunk);
    if (this.#ended) sink.end();
  }

  /** Keeps bytes the sink was given and cannot use yet; answers whether there is room for more. */
  keep(chunk: Buffer): boolean {
    if (chunk.length > 0) this.#kept.push(chunk);
    return this.#kept.reduce((sum, { length }) => sum + length, 0) < maxKeptBytes;
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Stops reading and listening. @returns what was read and nobody took */
  release(): Buffer {
    this.#stop();
    this.#socket.pause();
    return Buffer.concat(this.#kept);
  }

  #take(chunk: Buffer): void {
    const more = this.#sink ? this.#sink.data(chunk) : this.keep(chunk);
    if (!more) this.#socket.pause();
  }
}
