import { listEntry } from "../container-list.ts";
import type { Page, Picked } from "./page.ts";
import type { PageBytes } from "./page-bytes.ts";

/** A page nobody asked for as a whole is not rendered for fewer entries than this. */
const WORTH_A_PAGE = 16;
/** More stretches of one page than this are copied together: a socket takes few large pieces better than many small ones. */
const MAX_STRETCHES = 4;

const OPENING = Buffer.from("[");
const CLOSING = Buffer.from("]\n");

/** A JSON list being put together from stretches of pages. What can be is taken as it is, not copied. */
export class ListAnswer {
  readonly #nowMs: number;
  readonly #pieces: Buffer[] = [OPENING];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  add(page: Page, picked: Picked): void {
    if (picked === "all") this.#pieces.push(page.bytes(this.#nowMs).bytes);
    else if (picked.length >= WORTH_A_PAGE || (page.hasBytes && picked.length > 1))
      this.#addStretches(page.bytes(this.#nowMs), picked);
    else if (picked.length > 0) this.#pieces.push(this.#rendered(page, picked));
  }

  /** The list, with a newline as engines end their answers. */
  end(): readonly Buffer[] {
    const last = this.#pieces.length - 1;
    const piece = this.#pieces[last];
    // Each entry brought a comma along.
    if (last > 0 && piece !== undefined) this.#pieces[last] = piece.subarray(0, -1);
    this.#pieces.push(CLOSING);
    return this.#pieces;
  }

  #rendered({ entries }: Page, picked: readonly number[]): Buffer {
    const texts = picked.map((at) => {
      const entry = entries[at];
      return entry === undefined ? "" : `${JSON.stringify(listEntry(entry.container, this.#nowMs))},`;
    });
    return Buffer.from(texts.join(""));
  }

  #addStretches({ bytes, slots }: PageBytes, picked: readonly number[]): void {
    const stretches: Buffer[] = [];
    let next = 0;
    let from = 0;
    let at = 0;
    slots.forEach(({ head, status, tail }, place) => {
      const isPicked = picked[next] === place;
      if (isPicked) next++;
      else {
        if (from < at) stretches.push(bytes.subarray(from, at));
        from = at + head + status + tail;
      }
      at += head + status + tail;
    });
    if (from < at) stretches.push(bytes.subarray(from, at));
    if (stretches.length > MAX_STRETCHES) this.#pieces.push(Buffer.concat(stretches));
    else this.#pieces.push(...stretches);
  }
}
