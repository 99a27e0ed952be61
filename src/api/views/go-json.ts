/**
 * The texts Go's JSON decoder gives for malformed input; clients know them from every Docker engine. Scanning bytes ourselves
 * keeps the verdict independent of the wording of the JavaScript engine at hand.
 */

/** Deeper nesting is refused: nothing we decode is deep, and the scanner recurses. */
const maxDepth = 1_000;

const isDigit = (char: string): boolean => char >= "0" && char <= "9";

/** A byte as Go quotes it. */
function quoted(char: string): string {
  if (char === "'") return String.raw`'\''`;
  if (char === '"') return `'"'`;
  return `'${JSON.stringify(char).slice(1, -1)}'`;
}

/** Never leaves this module. */
class Malformed extends Error {}

const unexpected = (char: string, where: string): Malformed =>
  new Malformed(`invalid character ${quoted(char)} ${where}`);

class Scanner {
  readonly #bytes: string;
  #at = 0;

  constructor(text: string) {
    this.#bytes = Buffer.from(text, "utf8").toString("latin1");
  }

  document(): void {
    this.#value(this.#token(), 0);
    this.#skipSpace();
    const extra = this.#bytes[this.#at];
    if (extra !== undefined) throw unexpected(extra, "after top-level value");
  }

  #value(first: string, depth: number): void {
    if (depth >= maxDepth) throw new Malformed("exceeded max depth");
    if (first === "{") this.#object(depth);
    else if (first === "[") this.#array(depth);
    else if (first === '"') this.#string();
    else if (first === "t") this.#literal("true");
    else if (first === "f") this.#literal("false");
    else if (first === "n") this.#literal("null");
    else if (first === "-" || isDigit(first)) this.#number(first);
    else throw unexpected(first, "looking for beginning of value");
  }

  #object(depth: number): void {
    let char = this.#token();
    if (char === "}") return;
    for (;;) {
      if (char !== '"') throw unexpected(char, "looking for beginning of object key string");
      this.#string();
      const colon = this.#token();
      if (colon !== ":") throw unexpected(colon, "after object key");
      this.#value(this.#token(), depth + 1);
      const next = this.#token();
      if (next === "}") return;
      if (next !== ",") throw unexpected(next, "after object key:value pair");
      char = this.#token();
    }
  }

  #array(depth: number): void {
    let char = this.#token();
    if (char === "]") return;
    for (;;) {
      this.#value(char, depth + 1);
      const next = this.#token();
      if (next === "]") return;
      if (next !== ",") throw unexpected(next, "after array element");
      char = this.#token();
    }
  }

  #string(): void {
    for (;;) {
      const char = this.#byte();
      if (char === '"') return;
      if (char < " ") throw unexpected(char, "in string literal");
      if (char === "\\") this.#escape();
    }
  }

  #escape(): void {
    const kind = this.#byte();
    if (kind === "u") {
      for (let n = 0; n < 4; n += 1) {
        const char = this.#byte();
        if (!/[0-9a-fA-F]/.test(char)) throw unexpected(char, String.raw`in \u hexadecimal character escape`);
      }
    } else if (!'bfnrt\\/"'.includes(kind)) throw unexpected(kind, "in string escape code");
  }

  #literal(word: string): void {
    for (const expected of word.slice(1)) {
      const char = this.#byte();
      if (char !== expected) throw unexpected(char, `in literal ${word} (expecting ${quoted(expected)})`);
    }
  }

  #number(first: string): void {
    let leading = first;
    if (leading === "-") {
      leading = this.#byte();
      if (!isDigit(leading)) throw unexpected(leading, "in numeric literal");
    }
    if (leading !== "0") this.#skipDigits();
    if (this.#bytes[this.#at] === ".") {
      this.#at += 1;
      this.#digits("after decimal point in numeric literal");
    }
    const exponent = this.#bytes[this.#at];
    if (exponent === "e" || exponent === "E") {
      this.#at += 1;
      const sign = this.#bytes[this.#at];
      if (sign === "+" || sign === "-") this.#at += 1;
      this.#digits("in exponent of numeric literal");
    }
  }

  #digits(where: string): void {
    const char = this.#byte();
    if (!isDigit(char)) throw unexpected(char, where);
    this.#skipDigits();
  }

  #skipDigits(): void {
    while (isDigit(this.#bytes[this.#at] ?? "")) this.#at += 1;
  }

  #skipSpace(): void {
    while (" \t\r\n".includes(this.#bytes[this.#at] ?? "x")) this.#at += 1;
  }

  #token(): string {
    this.#skipSpace();
    return this.#byte();
  }

  #byte(): string {
    const char = this.#bytes[this.#at];
    if (char === undefined) throw new Malformed("unexpected end of JSON input");
    this.#at += 1;
    return char;
  }
}

/** What Go says about this text, or `undefined` when it is well-formed JSON. */
export function jsonSyntaxError(text: string): string | undefined {
  try {
    new Scanner(text).document();
    return undefined;
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}

/** A decoded value's kind as Go names it in `json: cannot unmarshal … into Go value of type …`. */
export function jsonKind(value: unknown): "null" | "bool" | "number" | "string" | "array" | "object" {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "number";
  return typeof value === "string" ? "string" : "object";
}
