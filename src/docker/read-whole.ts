import type { IncomingMessage } from "node:http";
import { TooLargeError } from "./answer-parser.ts";

/**
 * The whole body of an answer.
 * @throws TooLargeError beyond `maxBytes`; any error when it breaks off
 */
export function readWhole(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= maxBytes) return;
      chunks.length = 0;
      response.destroy();
      reject(new TooLargeError(maxBytes));
    });
    response.on("end", () => {
      const [only] = chunks;
      resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, bytes));
    });
    response.on("error", reject);
    response.on("close", () => {
      if (!response.complete) reject(new Error("the engine closed the connection"));
    });
  });
}
