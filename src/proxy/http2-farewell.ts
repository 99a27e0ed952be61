/** What a client hears, in the protocol it speaks, when the engine at the other end of its stream is gone. */
export interface Farewell {
  /** Output of the engine that goes to the client. */
  passed(output: Buffer): void;
  /** What to send now; empty when there is no saying it. */
  words(): Buffer;
}

const HEADER_BYTES = 9;
const LENGTH_BYTES = 3;
const GOAWAY = 7;
/** Every stream may have been worked on. */
const LAST_STREAM = 0x7fff_ffff;
const INTERNAL_ERROR = 2;

/**
 * A GOAWAY frame with a reason, which gRPC clients print when the connection then ends. Only where frames end is looked at, because the frame
 * can stand only between two others: an engine lost in the middle of one is not named.
 * @see https://www.rfc-editor.org/rfc/rfc9113#name-goaway
 */
export class Http2Farewell implements Farewell {
  readonly #reason: string;
  #begun = false;
  /** Of the header that has begun: bytes seen, and the length as far as it is known. */
  #headerSeen = 0;
  #length = 0;
  /** Bytes to come of the frame's payload. */
  #payloadLeft = 0;

  constructor(reason: string) {
    this.#reason = reason;
  }

  passed(output: Buffer): void {
    this.#begun ||= output.length > 0;
    for (let at = 0; at < output.length;) {
      if (this.#payloadLeft > 0) {
        const skipped = Math.min(this.#payloadLeft, output.length - at);
        this.#payloadLeft -= skipped;
        at += skipped;
        continue;
      }
      if (this.#headerSeen < LENGTH_BYTES) this.#length = this.#length * 256 + (output[at] ?? 0);
      at++;
      if (++this.#headerSeen < HEADER_BYTES) continue;
      this.#payloadLeft = this.#length;
      this.#headerSeen = this.#length = 0;
    }
  }

  words(): Buffer {
    // A connection has to begin with another frame.
    if (!this.#begun || this.#headerSeen > 0 || this.#payloadLeft > 0) return Buffer.alloc(0);
    const reason = Buffer.from(this.#reason);
    const frame = Buffer.alloc(HEADER_BYTES + 8);
    frame.writeUIntBE(8 + reason.length, 0, LENGTH_BYTES);
    frame.writeUInt8(GOAWAY, LENGTH_BYTES);
    frame.writeUInt32BE(LAST_STREAM, HEADER_BYTES);
    frame.writeUInt32BE(INTERNAL_ERROR, HEADER_BYTES + 4);
    return Buffer.concat([frame, reason]);
  }
}
