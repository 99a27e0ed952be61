import { createHash } from "node:crypto";

interface Kept {
  readonly digest: string;
  readonly list: readonly unknown[];
}

/**
 * The last answers to questions that are asked again and again. An answer that says the same, byte by byte, is not read again: it is the same list. A
 * quiet cluster would else make anew all that it knows every few minutes.
 */
export class KeptLists {
  readonly #kept = new Map<string, Kept>();

  clear(): void {
    this.#kept.clear();
  }

  /** @param read what the body says. What it throws is passed on, and nothing is kept */
  read<T>(question: string, body: Buffer, read: () => readonly T[]): readonly T[] {
    const digest = createHash("sha256").update(body).digest("base64");
    const kept = this.#kept.get(question);
    if (kept?.digest === digest) return kept.list as readonly T[];
    const list = read();
    this.#kept.set(question, { digest, list });
    return list;
  }
}
