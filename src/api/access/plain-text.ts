/** Longer texts are cut in logs, characters. */
const MAX_CHARS = 256;

/** Control characters, terminal escapes among them, and what makes a text look like another: invisible or turning its direction. */
const TROUBLESOME = /[\p{C}\p{Zl}\p{Zp}]/u;
const EACH_TROUBLESOME = new RegExp(TROUBLESOME, "gu");

/** Is there something in the text that people would not see? */
export const isTroublesome = (text: string): boolean => TROUBLESOME.test(text);

/** A text of a client's as logs and messages show it: on one line, nothing invisible, not endless. */
export function plainText(text: string): string {
  const cut = text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}…` : text;
  return cut.replace(EACH_TROUBLESOME, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
