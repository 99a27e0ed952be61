/** One endpoint, or all that begin like it, as docs/api.md has it in a table. */
export interface Documented {
  /** `GET /containers/{}/json`; names of parameters do not count. `/nodes…` has no method. */
  readonly endpoint: string;
  /** Second column: who answers. */
  readonly answeredBy: string;
  /** Third column: what is different. */
  readonly difference: string;
}

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE"]);

/**
 * Reads the rows `| endpoints | answered by | … |` of docs/api.md. In the first column every piece of code names one path, or begins with `…`
 * for "the same object as in the row above"; methods count until others come.
 */
export function documentedEndpoints(markdown: string): readonly Documented[] {
  const found: Documented[] = [];
  let object = "";
  for (const line of markdown.split("\n")) {
    const [first = "", answeredBy = "", difference = ""] = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    let methods: string[] = [];
    for (const [, code = ""] of first.matchAll(/`([^`]+)`/g)) {
      const words = code.split(/[\s,]+/);
      const named = words.filter((word) => METHODS.has(word));
      if (named.length > 0) methods = named;
      for (const word of words.filter((each) => /^[/…]/.test(each))) {
        object = /^\/[^/]+\/\{[^}]+\}/.exec(word)?.[0] ?? object;
        const path = normalPath(word.replace(/^…/, object));
        if (path.endsWith("…")) found.push({ endpoint: path, answeredBy, difference });
        else
          for (const method of methods) found.push({ endpoint: `${method} ${path}`, answeredBy, difference });
      }
    }
  }
  return found;
}

/** `/containers/{}/json` for `/containers/{id}/json`. */
export const normalPath = (text: string): string => text.replaceAll(/\{[^}]*\}/g, "{}");

/** Does what is documented speak of this endpoint? */
export function speaksOf({ endpoint: documented }: Documented, endpoint: string): boolean {
  const wanted = normalPath(endpoint);
  if (!documented.endsWith("…")) return documented === wanted;
  return wanted.replace(/^\S+ /, "").startsWith(documented.slice(0, -1));
}
