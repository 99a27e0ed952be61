/** Shortens user-supplied text to one line of at most `most` characters, so that a message stays readable. */
export function clip(text: string, most = 64): string {
  const head = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return head.replaceAll(/[\n\r]/g, " ");
}
