/** A stream that was fed more than this is not moved to another engine. */
const maxReplayBytes = 64 * 1024;

/**
 * What a client has sent on a spliced stream, as long as it is little and may still have to be repeated to another engine:
 * the request's own body apart from the stream behind it.
 */
export class Replay {
  #body: Buffer[] = [];
  #stream: Buffer[] = [];
  #bytes = 0;
  #forgotten = false;

  /** False once too much was sent, or an engine's output made the stream its own. */
  get possible(): boolean {
    return !this.#forgotten;
  }

  get body(): Buffer {
    return Buffer.concat(this.#body);
  }

  get stream(): Buffer {
    return Buffer.concat(this.#stream);
  }

  addBody(chunk: Buffer): void {
    if (this.#fits(chunk)) this.#body.push(chunk);
  }

  addStream(chunk: Buffer): void {
    if (this.#fits(chunk)) this.#stream.push(chunk);
  }

  forget(): void {
    this.#forgotten = true;
    this.#body = [];
    this.#stream = [];
  }

  #fits({ length }: Buffer): boolean {
    this.#bytes += length;
    if (this.#bytes > maxReplayBytes) this.forget();
    return !this.#forgotten;
  }
}
