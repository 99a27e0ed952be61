import { once } from "node:events";
import type { ServerResponse } from "node:http";

/**
 * 200 and one JSON object a line, while several nodes work (spec: images-networks-volumes.md §1.4–1.6). A client that reads slowly slows its
 * writers; one that leaves aborts them through `left`.
 */
export class ProgressStream {
  readonly #res: ServerResponse;
  readonly #left = new AbortController();

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
    if (this.#res.write(`${JSON.stringify(message)}\n`)) return;
    await once(this.#res, "drain", { signal: this.left }).catch(() => undefined);
  }

  /** @param error what failed, as the stream's last line; clients end with an error then */
  end(error?: string): void {
    if (this.left.aborted) return;
    if (error !== undefined) {
      this.#res.write(`${JSON.stringify({ error, errorDetail: { code: 1, message: error } })}\n`);
    }
    this.#res.end();
  }
}
