/** Bytes that move cursors, change titles, or turn text around: C0, DEL, C1, and the marks of writing direction. */
const UNSAFE = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** Text of others on one line of a terminal: what is not for reading becomes `?`, line ends a blank. */
export function plain(text: string): string {
  return text.replace(/[\r\n\t]+/g, " ").replace(UNSAFE, "?");
}

/** JSON that a terminal cannot take for orders. */
export function plainJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(UNSAFE, (char) =>
    // The line ends are our own: JSON escapes those in texts.
    char === "\n" ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Rows in columns as wide as their widest entry, three blanks between them. @param header may be empty */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [...(header.length > 0 ? [header] : []), ...rows.map((row) => row.map(plain))];
  const widths = (cells[0] ?? []).map((_, column) =>
    cells.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("   ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** The first part of a text that is too long for a column. */
export const clipped = (text: string, length: number, full = false): string =>
  full || text.length <= length ? text : `${text.slice(0, length - 1)}…`;
