/** Names added since the table was made; more, and it is made anew. */
const MAX_RECENT = 1_024;
/** Names looked at together. */
const CHUNK = 64;
/** Bits of a chunk's signature, a power of two. */
const SIGNATURE_BITS = 2_048;

/** Between names; no name of a container holds it. */
const SEPARATOR = "\n";

/** Some names, and a bit for every three characters that follow each other in one of them. */
interface Chunk {
  readonly ids: readonly string[];
  /** Joined by the separator. */
  readonly names: string;
  readonly signature: Uint32Array;
}

/**
 * Names of containers, to be searched for a text anywhere in them. The signatures say at once that most chunks cannot hold it, so a search takes
 * hardly longer among 100,000 names than among 1,000.
 */
export class NameTable {
  readonly #chunks: Chunk[] = [];
  readonly #recent = new Set<string>();

  constructor(names: Iterable<{ readonly id: string; readonly name: string }>) {
    let ids: string[] = [];
    let texts: string[] = [];
    for (const { id, name } of names) {
      ids.push(id);
      texts.push(name);
      if (ids.length < CHUNK) continue;
      this.#chunks.push(chunkOf(ids, texts));
      ids = [];
      texts = [];
    }
    this.#chunks.push(chunkOf(ids, texts));
  }

  /** A container that is new, or may have another name than before. */
  add(id: string): void {
    this.#recent.add(id);
  }

  /** Too much has changed since. */
  get isWornOut(): boolean {
    return this.#recent.size > MAX_RECENT;
  }

  /**
   * The IDs of all whose name holds this text, and of some whose name does not or that are gone.
   * @param text neither empty nor with a newline in it
   * @returns `undefined` when there are more than `limit` beyond the recent ones
   */
  candidates(text: string, limit: number): ReadonlySet<string> | undefined {
    const found = new Set(this.#recent);
    const most = limit + found.size;
    const bits = bitsOf(text);
    for (const { ids, names, signature } of this.#chunks) {
      if (!holdsAll(signature, bits) || !names.includes(text)) continue;
      names.split(SEPARATOR).forEach((name, place) => {
        const id = ids[place];
        if (id !== undefined && name.includes(text)) found.add(id);
      });
      if (found.size > most) return undefined;
    }
    return found;
  }
}

function chunkOf(ids: readonly string[], texts: readonly string[]): Chunk {
  const names = texts.join(SEPARATOR);
  const signature = new Uint32Array(SIGNATURE_BITS / 32);
  for (const bit of bitsOf(names)) signature[bit >>> 5] = (signature[bit >>> 5] ?? 0) | (1 << (bit & 31));
  return { ids, names, signature };
}

/** Of each three characters that follow each other, one bit. */
function bitsOf(text: string): readonly number[] {
  const bits: number[] = [];
  for (let at = 2; at < text.length; at++) {
    const three =
      Math.imul(text.charCodeAt(at - 2), 0x9e3779b1) ^ Math.imul(text.charCodeAt(at - 1), 0x85ebca77);
    const mixed = Math.imul(three ^ text.charCodeAt(at), 0xc2b2ae3d);
    bits.push((mixed ^ (mixed >>> 15)) & (SIGNATURE_BITS - 1));
  }
  return bits;
}

const holdsAll = (signature: Uint32Array, bits: readonly number[]): boolean =>
  bits.every((bit) => ((signature[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0);
