import type { OnReadOpts, Socket } from "node:net";

/** What one read brings at most; Node's own measure. */
const READ_BYTES = 64 << 10;
/** Likewise of a long transfer: each read and each write costs the same beside its bytes, and the two processes beside us wait for one another less often. */
const LONG_READ_BYTES = 256 << 10;
/** A read of so many bytes is rarely the last. */
const LONG_BYTES = 16 << 10;
/** So many long transfers at once get memory of their own; what comes then uses the memory of all. */
const MAX_OWNED = 64;

/** What all reads go into that are short, or the first of a long transfer. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);
const owned = new WeakSet<ArrayBufferLike>();
const spare: Buffer[] = [];
let ownedCount = 0;

/**
 * Node's option `onread` for a socket that allocates nothing to read: its `data` pieces lie in memory that the next read overwrites, so
 * whoever keeps one copies it. By itself Node takes 64 KiB for every read and leaves them to the garbage collector. An idle socket holds no
 * memory.
 */
export function lentReads(): OnReadOpts {
  const memory = new ReadMemory();
  return {
    buffer: () => memory.next,
    callback(this: Socket, bytes: number, read: Buffer): boolean {
      const piece = read.subarray(0, bytes);
      // Nobody listens, or what came before is still waiting: then it has to be kept.
      const isTaken = this.readableLength === 0 && this.emit("data", piece);
      const more = isTaken || this.push(Buffer.from(piece));
      memory.read(this, bytes);
      return more;
    },
  };
}

/**
 * How long a piece of {@link lentReads} stays as it is: until the next read of any socket; until its own socket reads on; for ever, because
 * it is no such piece.
 */
export function lifeOf({ buffer }: Buffer): "turn" | "until-read" | "for-ever" {
  if (buffer === shared.buffer) return "turn";
  return owned.has(buffer) ? "until-read" : "for-ever";
}

/** What one socket reads into: a long transfer has memory of its own, so that its pieces can be written without a copy. */
class ReadMemory {
  #own: Buffer | undefined;
  #isWatched = false;

  get next(): Buffer {
    return this.#own ?? shared;
  }

  read(socket: Socket, bytes: number): void {
    const isLong = bytes >= LONG_BYTES && !socket.destroyed;
    if (isLong && this.#own === undefined) this.#take(socket);
    else if (!isLong && this.#own !== undefined) this.#giveBack(this.#own);
  }

  #take(socket: Socket): void {
    const own = spare.pop() ?? newOwned();
    if (own === undefined) return;
    this.#own = own;
    if (this.#isWatched) return;
    this.#isWatched = true;
    // Not to be used again: what was read last may still be waiting to be written somewhere.
    socket.once("close", () => {
      if (this.#own !== undefined) ownedCount--;
      this.#own = undefined;
    });
  }

  /** A short piece is copied by whoever passes it on, and nothing before it waits: the socket would not have read on. */
  #giveBack(own: Buffer): void {
    this.#own = undefined;
    spare.push(own);
  }
}

function newOwned(): Buffer | undefined {
  if (ownedCount >= MAX_OWNED) return undefined;
  ownedCount++;
  const own = Buffer.allocUnsafeSlow(LONG_READ_BYTES);
  owned.add(own.buffer);
  return own;
}
