/**
 * When a manager said something, Unix milliseconds: the last of its lines with this text. How soon a busy machine lets a test ask is not part of what
 * is measured then.
 */
export function saidAt(logs: string, text: string): number {
  const line = logs.split("\n").findLast((each) => each.includes(text));
  if (line === undefined) throw new Error(`the log does not say: ${text}`);
  return Date.parse((JSON.parse(line) as { readonly time: string }).time);
}
