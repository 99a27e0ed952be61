import type { ServerResponse } from "node:http";
import { ApiError } from "../errors.ts";

/** Fires when the client goes before its answer is complete. */
export function clientLeft(res: ServerResponse): AbortSignal {
  const left = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) left.abort();
  });
  if (res.destroyed) left.abort();
  return left.signal;
}

/** A status nobody sees: it keeps a client's own decision from being logged as our failure. */
const CLIENT_LEFT = 499;

/**
 * Awaits work that ends when the client leaves.
 * @param left from {@link clientLeft}
 */
export async function unlessLeft<T>(left: AbortSignal, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw left.aborted ? new ApiError(CLIENT_LEFT, "the client left", { cause: error }) : error;
  }
}
