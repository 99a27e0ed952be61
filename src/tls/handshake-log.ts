import { goLogLine } from "../telemetry/go-log-line.ts";

/** A port that is scanned must not fill the disk: no more lines than this in a window. */
const maxLines = 20;
const windowMs = 10_000;

/**
 * Failed handshakes, a line each, in the words and on the stream where operators look for them: stderr (spec: tls-and-security.md §3).
 * What exceeds the bound is counted, and the count told with the next line.
 */
export class HandshakeLog {
  readonly #write: (line: string) => unknown;
  readonly #now: () => Date;
  #windowStartMs = 0;
  #lines = 0;
  #hidden = 0;

  constructor(write: (line: string) => unknown, now: () => Date = () => new Date()) {
    this.#write = write;
    this.#now = now;
  }

  /** @param peer `address:port` */
  note(peer: string, reason: string): void {
    const at = this.#now();
    if (Math.abs(at.getTime() - this.#windowStartMs) >= windowMs) {
      this.#windowStartMs = at.getTime();
      this.#lines = 0;
    }
    if (this.#lines >= maxLines) {
      this.#hidden++;
      return;
    }
    this.#lines++;
    if (this.#hidden > 0) {
      this.#write(goLogLine(at, `http: ${this.#hidden} more TLS handshake errors were not shown`));
      this.#hidden = 0;
    }
    this.#write(goLogLine(at, `http: TLS handshake error from ${peer}: ${reason}`));
  }
}
