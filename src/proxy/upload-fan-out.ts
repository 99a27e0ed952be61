import { Readable } from "node:stream";
import { notePassed } from "./buffer-garbage.ts";

export interface UploadFanOutOptions {
  /** The fastest branch may be this far ahead of the slowest; default 2 MiB. Bytes, held once for all branches. */
  readonly windowBytes?: number;
  /** A branch that takes nothing for so long, while others wait for it, is dropped; default one minute. Milliseconds. */
  readonly stallMs?: number;
}

/** Below what `buffer-garbage.ts` lets pass between sweeps: a piece that survives two sweeps grows old, and old garbage is cleared late. */
const WINDOW_BYTES = 2 << 20;
const STALL_MS = 60_000;
/** What a branch keeps to itself, on top of the window. Bytes. */
const BRANCH_BYTES = 16 << 10;

/** A piece of the upload that somebody has not taken yet. */
interface Piece {
  readonly bytes: Buffer;
  /** Branches that have yet to take it. */
  takers: number;
  next: Piece | undefined;
}

/**
 * One upload, read once and sent to several places. Pieces are shared, not copied, and let go when the last branch has taken them; the
 * source waits while the window is full. A branch that ends early costs the others nothing. When the source breaks off, every branch
 * is destroyed with an error, so that nowhere a part is taken for the whole.
 */
export class UploadFanOut {
  readonly #source: Readable;
  readonly #windowBytes: number;
  readonly #stallMs: number;
  readonly #branches = new Set<Branch>();
  /** The oldest piece that is not taken by all. */
  #oldest: Piece | undefined;
  #newest: Piece | undefined;
  #heldBytes = 0;
  #ended = false;
  #failure: Error | undefined;
  #stall: NodeJS.Timeout | undefined;

  /** Reads nothing before {@link start}. */
  constructor(
    source: Readable,
    { windowBytes = WINDOW_BYTES, stallMs = STALL_MS }: UploadFanOutOptions = {},
  ) {
    this.#source = source;
    this.#windowBytes = windowBytes;
    this.#stallMs = stallMs;
  }

  /** The upload for one more place, from its beginning: call it before {@link start}. Whoever got it destroys it when it is of no more use. */
  branch(): Readable {
    const branch: Branch = new Branch({
      taken: (piece) => this.#taken(piece),
      gone: (rest) => this.#gone(branch, rest),
    });
    // Why it ended is for its reader; nobody may be reading yet.
    branch.on("error", () => undefined);
    this.#branches.add(branch);
    return branch;
  }

  /** Lets the upload flow. Without branches, or once the last is gone, it is read to its end for nobody. */
  start(): void {
    const source = this.#source;
    source.on("data", (bytes: Buffer) => this.#received(bytes));
    source.once("end", () => {
      this.#ended = true;
      for (const branch of this.#branches) branch.finish();
    });
    source.once("error", (error) => this.#broke(error));
    source.once("close", () => this.#broke(new Error("it was closed")));
    if (source.destroyed) this.#broke(source.errored ?? new Error("it was closed"));
  }

  /** Bytes held for branches that have not taken them; for tests and measurements. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  #received(bytes: Buffer): void {
    notePassed(bytes.length);
    if (this.#branches.size === 0) return;
    const piece: Piece = { bytes, takers: this.#branches.size, next: undefined };
    if (this.#newest !== undefined) this.#newest.next = piece;
    this.#newest = piece;
    this.#oldest ??= piece;
    this.#heldBytes += bytes.length;
    for (const branch of this.#branches) branch.offer(piece);
    if (this.#heldBytes >= this.#windowBytes) {
      this.#source.pause();
      this.#watchStall();
    }
  }

  #taken(piece: Piece): void {
    piece.takers--;
    this.#letGo();
  }

  #gone(branch: Branch, rest: Piece | undefined): void {
    if (!this.#branches.delete(branch)) return;
    for (let piece = rest; piece !== undefined; piece = piece.next) piece.takers--;
    this.#letGo();
    if (this.#branches.size === 0) this.#source.resume();
  }

  /** Forgets what everybody has; then there may be room for more. */
  #letGo(): void {
    const before = this.#oldest;
    while (this.#oldest?.takers === 0) {
      this.#heldBytes -= this.#oldest.bytes.length;
      this.#oldest = this.#oldest.next;
    }
    if (this.#oldest === undefined) this.#newest = undefined;
    if (this.#oldest === before) return;
    clearTimeout(this.#stall);
    this.#stall = undefined;
    if (this.#heldBytes < this.#windowBytes) this.#source.resume();
    else this.#watchStall();
  }

  /** From now until the oldest piece goes. */
  #watchStall(): void {
    this.#stall ??= setTimeout(() => {
      this.#stall = undefined;
      const stalled = [...this.#branches].filter((branch) => branch.next === this.#oldest);
      // Where all stand still nobody waits for another.
      if (stalled.length === this.#branches.size) this.#watchStall();
      else for (const branch of stalled) branch.destroy(new StalledError(this.#stallMs));
    }, this.#stallMs);
  }

  #broke(error: Error): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = error;
    clearTimeout(this.#stall);
    for (const branch of [...this.#branches])
      branch.destroy(new Error("the upload broke off", { cause: error }));
  }
}

/** A branch was dropped because it took nothing while others waited for it. */
export class StalledError extends Error {
  constructor(stallMs: number) {
    super(`took nothing of the upload for ${stallMs / 1000} s while other nodes waited, and was dropped`);
    this.name = "StalledError";
  }
}

interface BranchEvents {
  readonly taken: (piece: Piece) => void;
  /** With the first piece it has not taken. */
  readonly gone: (rest: Piece | undefined) => void;
}

/** The upload as one place gets it. */
class Branch extends Readable {
  readonly #events: BranchEvents;
  #next: Piece | undefined;
  #wanted = false;
  #finished = false;

  constructor(events: BranchEvents) {
    super({ highWaterMark: BRANCH_BYTES });
    this.#events = events;
  }

  /** The first piece it has not taken. */
  get next(): Piece | undefined {
    return this.#next;
  }

  offer(piece: Piece): void {
    this.#next ??= piece;
    if (this.#wanted) this.#take();
  }

  /** Nothing comes after what was offered. */
  finish(): void {
    this.#finished = true;
    if (this.#wanted) this.#take();
  }

  override _read(): void {
    this.#wanted = true;
    this.#take();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const rest = this.#next;
    this.#next = undefined;
    this.#events.gone(rest);
    done(error);
  }

  #take(): void {
    const piece = this.#next;
    if (piece === undefined) {
      if (this.#finished) this.push(null);
      return;
    }
    this.#wanted = false;
    this.#next = piece.next;
    this.push(piece.bytes);
    this.#events.taken(piece);
  }
}
