import { createHash } from "node:crypto";
import { newsOf } from "./listed-status.ts";

const STATUS = Buffer.from('"Status":"');
const QUOTE = 0x22;

/**
 * Tells two answers to `GET /containers/json` apart by a short text: the same for both means that their containers look the same, the mere passing of time
 * (`Up 3 minutes`) left out. Of a list that is not written as Docker writes it, each has its own.
 */
export function listMark(body: Buffer): string {
  const hash = createHash("sha256");
  let from = 0;
  for (;;) {
    const at = body.indexOf(STATUS, from);
    if (at < 0) break;
    const begin = at + STATUS.length;
    hash.update(body.subarray(from, begin));
    from = body.indexOf(QUOTE, begin);
    if (from < 0) from = body.length;
    hash.update(newsOf(body.toString("latin1", begin, from)));
  }
  return hash.update(body.subarray(from)).digest("base64");
}
