import type { ServerResponse } from "node:http";

/** More lines than this would crowd out other headers. */
const MAX_WARNINGS = 20;
/** Of one text, characters. */
const MAX_CHARS = 300;

/**
 * What a success leaves out, for clients that look: `Warning: 299 swarm "node-2: conflict …"`, a header line for each text
 * (RFC 7234 §5.5; images-networks-volumes.md A16). Call it before the answer's headers go.
 */
export function addWarnings(res: ServerResponse, texts: readonly string[]): void {
  if (texts.length === 0) return;
  const shown = texts.slice(0, MAX_WARNINGS);
  if (texts.length > shown.length) shown.push(`and ${texts.length - shown.length} more`);
  res.setHeader(
    "Warning",
    shown.map((text) => `299 swarm "${quotable(text)}"`),
  );
}

/** As the inside of a quoted string: printable ASCII, quotes and backslashes escaped. */
const quotable = (text: string): string =>
  text
    .slice(0, MAX_CHARS)
    .replace(/[^\x20-\x7e]+/g, " ")
    .replace(/["\\]/g, "\\$&");
