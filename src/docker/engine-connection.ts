import type { Socket } from "node:net";
import { asError } from "../errors.ts";
import { abandon } from "../net/abandon.ts";
import { AnswerParser, type WholeAnswer } from "./answer-parser.ts";

/** A request that is ready to be sent. */
export interface WireRequest {
  readonly method: string;
  /** Head and body, text as Latin-1: they go out in one write. */
  readonly message: string | Buffer;
  readonly maxAnswerBytes: number;
  /** Asked when a connection had to be opened, before anything is sent. @throws why it may not be sent any more */
  readonly mayStill?: (() => void) | undefined;
}

/** One request and what becomes of it. */
export interface Exchange {
  readonly request: WireRequest;
  succeed(answer: WholeAnswer): void;
  /** @param isStale the connection had been used before, and ended without a byte of an answer */
  fail(error: Error, isStale: boolean): void;
}

/** Whose connection it is. */
export interface ConnectionOwner {
  /** It brought an answer. @param keptMs for so long it may be used again, milliseconds; 0: not at all */
  freed(connection: EngineConnection, keptMs: number): void;
  closed(connection: EngineConnection): void;
}

/** A connection to an engine for one exchange after another. */
export class EngineConnection {
  readonly socket: Socket;
  /** Since when nobody uses it, on `performance.now`'s clock. Its owner's, as the next. */
  idleSince = 0;
  /** Until when it may be used again, on `performance.now`'s clock. Its owner's. */
  idleUntil = 0;
  readonly #owner: ConnectionOwner;
  readonly #parser = new AnswerParser();
  #exchange: Exchange | undefined;
  #isOpen = false;
  #wasUsed = false;

  /** @param opened the event that says it is open */
  constructor(socket: Socket, opened: "connect" | "secureConnect", owner: ConnectionOwner) {
    this.socket = socket;
    this.#owner = owner;
    socket
      .once(opened, () => this.#opened())
      .on("data", (piece: Buffer) => this.#take(piece))
      .on("end", () => this.#ended())
      .on("error", (error) => this.#fail(error))
      .on("close", () => this.#closed());
  }

  /** Sends it, at once or when the connection is open. One at a time. */
  begin(exchange: Exchange): void {
    this.#exchange = exchange;
    if (this.#isOpen) this.#send(exchange);
  }

  /** Ends it at once, and what is under way on it, also on the network. */
  cut(): void {
    // What we end ourselves was not stale.
    this.#wasUsed = false;
    if (this.#exchange !== undefined) abandon(this.socket);
    this.#fail(this.#hangUp);
  }

  #opened(): void {
    this.#isOpen = true;
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    try {
      exchange.request.mayStill?.();
    } catch (error) {
      this.#fail(asError(error));
      return;
    }
    this.#send(exchange);
  }

  #send({ request: { method, message, maxAnswerBytes } }: Exchange): void {
    this.#parser.expect(method, maxAnswerBytes);
    if (typeof message === "string") this.socket.write(message, "latin1");
    else this.socket.write(message);
  }

  #take(piece: Buffer): void {
    if (this.#exchange === undefined) {
      // What nobody asked for would be taken for the answer to the next request.
      this.socket.destroy();
      return;
    }
    try {
      this.#parser.take(piece);
    } catch (error) {
      this.#fail(asError(error));
      return;
    }
    this.#finish();
  }

  #finish(): void {
    const exchange = this.#exchange;
    const answer = exchange && this.#parser.takeAnswer();
    if (exchange === undefined || answer === undefined) return;
    this.#exchange = undefined;
    this.#wasUsed = true;
    this.#owner.freed(this, this.#parser.keptMs);
    exchange.succeed(answer);
  }

  #ended(): void {
    // An engine that ends the handshake: the error says more.
    if (!this.#isOpen) return;
    this.#parser.end();
    this.#finish();
    this.#fail(this.#hangUp);
  }

  /** Comes last, whatever ended it. */
  #closed(): void {
    if (this.#exchange !== undefined) this.#fail(this.#hangUp);
    this.#owner.closed(this);
  }

  #fail(error: Error): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.socket.destroy();
    exchange?.fail(error, this.#wasUsed && !this.#parser.hasBegun);
  }

  /** In Node's words: the connection ended before the answer was whole. */
  get #hangUp(): Error {
    const text = this.#parser.hasBegun ? "aborted" : "socket hang up";
    return Object.assign(new Error(text), { code: "ECONNRESET" });
  }
}
