import type { Socket } from "node:net";

/** So many at once, at most; who comes then opens one. */
const MOST = 8;
/** One that nobody has come for after so long is closed, milliseconds. */
const WAIT_MS = 5_000;

/** A connection that is being made, or is made and waits. */
interface Prepared {
  readonly connection: Promise<Socket>;
  /** It is another's now. */
  readonly release: () => void;
  /** Closes it. */
  readonly drop: () => void;
}

/** Connections for streams that are about to be opened, so that opening one does not wait for the network and a TLS handshake. */
export class PreparedConnections {
  readonly #open: () => Promise<Socket>;
  readonly #waitMs: number;
  readonly #prepared = new Set<Prepared>();

  /** @param open a fresh connection; rejects within a bound */
  constructor(open: () => Promise<Socket>, waitMs = WAIT_MS) {
    this.#open = open;
    this.#waitMs = waitMs;
  }

  /** Begins to open one more. */
  prepare(): void {
    if (this.#prepared.size >= MOST) return;
    const connection = this.#open();
    let waiting: Socket | undefined;
    const drop = (): void => {
      this.#prepared.delete(prepared);
      clearTimeout(timer);
      connection.then((socket) => socket.destroy(), ignore);
    };
    const timer = setTimeout(drop, this.#waitMs).unref();
    const prepared: Prepared = {
      connection,
      drop,
      release: () => {
        this.#prepared.delete(prepared);
        clearTimeout(timer);
        waiting?.pause().off("data", drop).off("end", drop).off("close", drop).off("error", ignore).ref();
        waiting = undefined;
      },
    };
    this.#prepared.add(prepared);
    connection.then((socket) => {
      if (!this.#prepared.has(prepared)) return;
      // Its engine may have left at once, and nobody would be told again.
      if (socket.readableEnded || socket.destroyed) {
        drop();
        return;
      }
      waiting = socket.unref();
      // Nothing is to come before something was asked, but the end, which is only noticed by who reads.
      socket.once("data", drop).once("end", drop).once("close", drop).on("error", ignore);
    }, drop);
  }

  /** One that is ready or soon will be, if there is any. It is the caller's now; one that was ready is paused. */
  take(): Promise<Socket> | undefined {
    const [prepared] = this.#prepared;
    prepared?.release();
    return prepared?.connection;
  }

  /** Closes those that nobody has come for. */
  drop(): void {
    for (const { drop } of [...this.#prepared]) drop();
  }
}

function ignore(): void {
  // It is gone, which its "close" tells.
}
