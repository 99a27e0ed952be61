import type { Writable } from "node:stream";
import { lifeOf } from "../net/lent-memory.ts";
import { notePassed } from "./buffer-garbage.ts";

/**
 * Writes a piece that came from a connection to another one. A long piece is not copied even if its memory will be read into again, because the
 * answer is then false until all of it is gone.
 * @returns whether the connection it came from may be read on now; if not, after `to`'s next `drain`
 */
export function passOn(piece: Buffer, to: Writable): boolean {
  const life = lifeOf(piece);
  if (life === "for-ever") notePassed(piece.length);
  // Only of what fills the writable's queue alone does Node say when it is gone.
  const isSafe = life === "for-ever" || (life === "until-read" && piece.length >= to.writableHighWaterMark);
  return to.write(isSafe ? piece : Buffer.from(piece));
}
