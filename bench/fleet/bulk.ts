import { once } from "node:events";
import { EngineRefusal, type Exchange } from "./exchange.ts";
import type { SimContainer } from "./types.ts";

/** A container with this label has a log of so many bytes that nobody wrote and nobody keeps. */
export const LOG_BYTES_LABEL = "simulate.log-bytes";
/** A container with this label takes every archive and throws it away. */
export const DISCARD_LABEL = "simulate.discard-archives";

/** A length that is no power of two: pieces that get lost or are doubled show. */
const BLOCK_BYTES = 1_000_003;

let made: Buffer | undefined;

/** What a bulk log repeats: byte `n` of the log is byte `n % length` of this. Made when somebody needs it first. */
export function bulkBlock(): Buffer {
  made ??= Buffer.from(Uint8Array.from({ length: BLOCK_BYTES }, (_, at) => (at * 31 + (at >> 8)) & 255));
  return made;
}

/** Size of a container's bulk log; undefined: it has an ordinary one. */
export function bulkLogBytes({ config }: SimContainer): number | undefined {
  const text = config.Labels?.[LOG_BYTES_LABEL];
  return text === undefined ? undefined : Number(text);
}

/** Sends a bulk log as fast as it is taken. */
export function sendBulk(exchange: Exchange, bytes: number): void {
  const { res } = exchange;
  res.writeHead(200, { "Content-Type": "application/vnd.docker.raw-stream", "Content-Length": bytes });
  const block = bulkBlock();
  let left = bytes;
  const send = (): void => {
    while (left > 0) {
      const piece = left < BLOCK_BYTES ? block.subarray(0, left) : block;
      left -= piece.length;
      if (!res.write(piece)) {
        res.once("drain", send);
        return;
      }
    }
    res.end();
  };
  send();
}

export const discardsArchives = ({ config }: SimContainer): boolean =>
  config.Labels?.[DISCARD_LABEL] !== undefined;

/** Reads an upload to its end. @throws EngineRefusal when it is not {@link bulkBlock}, over and over */
export async function discardBulk({ req }: Exchange): Promise<void> {
  let at = 0;
  let broken: number | undefined;
  req.on("data", (piece: Buffer) => {
    if (!isBulk(piece, at)) broken ??= at;
    at += piece.length;
  });
  await once(req, "end");
  if (broken !== undefined) throw new EngineRefusal(400, `the upload is broken at byte ${broken}`);
}

/** Whether a piece of a bulk stream is the one that belongs there, by its ends. */
export function isBulk(piece: Buffer, at: number): boolean {
  const block = bulkBlock();
  const last = at + piece.length - 1;
  return piece[0] === block[at % BLOCK_BYTES] && piece.at(-1) === block[last % BLOCK_BYTES];
}
