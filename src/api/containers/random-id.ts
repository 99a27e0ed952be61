import { randomFillSync } from "node:crypto";

const ID_BYTES = 32;
/** Asked of the system at once: asking costs more than the bytes. */
const STOCK_IDS = 128;

const stock = Buffer.alloc(ID_BYTES * STOCK_IDS);
let used = stock.length;

/** 64 random hex digits, of a form with the IDs of containers. */
export function randomId(): string {
  if (used === stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  used += ID_BYTES;
  return stock.toString("hex", used - ID_BYTES, used);
}
