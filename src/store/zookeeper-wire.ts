/**
 * ZooKeeper's wire format: big-endian integers, strings and buffers with a length before them (-1: none), vectors with a
 * count before them. Field order is that of `zookeeper.jute` in ZooKeeper's sources.
 */

export const opcode = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  sync: 9,
  ping: 11,
  getChildren: 12, // the one that tells the node's state too
  multi: 14,
  createAndTell: 15, // `create`, answered with the node's state; since ZooKeeper 3.5
  auth: 100,
  closeSession: -11,
} as const;

/** Request numbers with a meaning; all others count from 1. */
export const xid = { notification: -1, ping: -2, auth: -4 } as const;

/** ZooKeeper's error numbers that we tell apart. */
export const zkError = {
  connectionLoss: -4,
  timeout: -7,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  noChildrenForEphemerals: -108,
  nodeExists: -110,
  notEmpty: -111,
  sessionExpired: -112,
  authFailed: -115,
} as const;

/** How a node lives: for ever or as long as the session, with a number after its name or not. */
export const createMode = { persistent: 0, ephemeral: 1, ephemeralSequential: 3 } as const;

/** What ZooKeeper knows of a node besides its data. */
export interface Stat {
  /** The transaction that created it: another one means another node of the same name. */
  readonly czxid: bigint;
  readonly mzxid: bigint;
  /** How often its data was written. */
  readonly version: number;
  /** The session it goes with, 0 if it stays. */
  readonly ephemeralOwner: bigint;
  readonly children: number;
}

/** One access rule: everything for one identity. */
export interface Acl {
  readonly scheme: string;
  readonly id: string;
}

/** Writes a request. */
export class WireWriter {
  readonly #parts: Buffer[] = [];

  int(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    this.#parts.push(bytes);
    return this;
  }

  long(value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    this.#parts.push(bytes);
    return this;
  }

  bool(value: boolean): this {
    this.#parts.push(Buffer.from([value ? 1 : 0]));
    return this;
  }

  bytes(value: Buffer): this {
    this.int(value.length).#parts.push(value);
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value));
  }

  acl(rules: readonly Acl[]): this {
    const all = 31;
    this.int(rules.length);
    for (const { scheme, id } of rules) this.int(all).text(scheme).text(id);
    return this;
  }

  raw(value: Buffer): this {
    this.#parts.push(value);
    return this;
  }

  body(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** The request with its length before it, ready to be sent. */
  frame(): Buffer {
    const body = this.body();
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length);
    return Buffer.concat([length, body]);
  }
}

/** Reads an answer. @throws {RangeError} when it ends too early. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int(): number {
    return this.#bytes.readInt32BE(this.#skip(4));
  }

  long(): bigint {
    return this.#bytes.readBigInt64BE(this.#skip(8));
  }

  bool(): boolean {
    return this.#bytes.readInt8(this.#skip(1)) !== 0;
  }

  buffer(): Buffer {
    const length = this.int();
    if (length <= 0) return Buffer.alloc(0);
    const begin = this.#skip(length);
    if (begin + length > this.#bytes.length) throw new RangeError("an answer of ZooKeeper ends too early");
    return this.#bytes.subarray(begin, begin + length);
  }

  text(): string {
    return this.buffer().toString("utf8");
  }

  texts(): string[] {
    const count = this.int();
    return Array.from({ length: Math.max(0, Math.min(count, this.#bytes.length)) }, () => this.text());
  }

  stat(): Stat {
    const [czxid, mzxid] = [this.long(), this.long()];
    this.#skip(16); // times of creation and of the last write
    const version = this.int();
    this.#skip(8); // versions of the children and of the access rules
    const ephemeralOwner = this.long();
    this.#skip(4); // size of the data
    const children = this.int();
    this.#skip(8); // last change of the children
    return { czxid, mzxid, version, ephemeralOwner, children };
  }

  #skip(count: number): number {
    const begin = this.#at;
    this.#at += count;
    return begin;
  }
}

/** Cuts a stream of bytes into frames of at most `maxBytes`. */
export class FrameSplitter {
  readonly #maxBytes: number;
  #pending: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The frames complete with this chunk, without their lengths. @throws {RangeError} for one that is too long. */
  push(chunk: Buffer): Buffer[] {
    this.#pending.push(chunk);
    this.#size += chunk.length;
    const frames: Buffer[] = [];
    for (;;) {
      if (this.#size < 4) return frames;
      if ((this.#pending[0]?.length ?? 0) < 4) this.#join();
      const length = this.#pending[0]?.readInt32BE(0) ?? 0;
      if (length < 0 || length > this.#maxBytes) {
        throw new RangeError(`this is not ZooKeeper: a frame of ${length} bytes`);
      }
      if (this.#size < 4 + length) return frames;
      const all = this.#join();
      frames.push(all.subarray(4, 4 + length));
      const rest = all.subarray(4 + length);
      this.#pending = [rest];
      this.#size = rest.length;
    }
  }

  #join(): Buffer {
    const all = Buffer.concat(this.#pending);
    this.#pending = [all];
    return all;
  }
}
