import type { ServerResponse } from "node:http";

/**
 * 200 and one JSON object a line, while several nodes work (spec: images-networks-volumes.md §1.4–1.6). A client that reads slowly slows its
 * writers; one that leaves aborts them through `left`.
 */
export class ProgressStream {
  readonly #res: ServerResponse;
  readonly #left = new AbortController();
  /** While the client has to catch up: resolves when it has, or has gone. One for all who wait. */
  #room: Promise<void> | undefined;

  /** Sends the headers at once. */
  constructor(res: ServerResponse) {
    this.#res = res;
    res.once("close", () => {
      if (!res.writableFinished) this.#left.abort();
    });
    if (res.destroyed) this.#left.abort();
    res.writeHead(200, { "Content-Type": "application/json" });
    res.flushHeaders();
  }

  /** Fires when the client goes before the end. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** Resolves when there is room for the next line, or the client has gone. */
  async line(message: object): Promise<void> {
    if (this.left.aborted) return;
    const hasRoom = this.#res.write(`${JSON.stringify(message)}\n`);
    if (!hasRoom) this.#room ??= this.#drained();
    await this.#room;
  }

  /** @param error what failed, as the stream's last line; clients end with an error then */
  end(error?: string): void {
    if (this.left.aborted) return;
    if (error !== undefined) {
      this.#res.write(`${JSON.stringify({ error, errorDetail: { code: 1, message: error } })}\n`);
    }
    this.#res.end();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#res.off("drain", done).off("close", done);
        this.#room = undefined;
        resolve();
      };
      this.#res.once("drain", done).once("close", done);
    });
  }
}
