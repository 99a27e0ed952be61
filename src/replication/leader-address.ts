import { parseAddress } from "../../discovery/address.ts";

/** A DNS name has 253 characters at most; with brackets, port and scheme more is no address. */
const longest = 300;

/**
 * The address in the value of a manager's key: `host:port`, with any `scheme://` before it taken off as the original does (spec: ha.md §3.2).
 * Undefined: it is no address. Whoever may write to the store may write anything.
 */
export function leaderAddress(value: string): string | undefined {
  if (value.length > longest) return undefined;
  const text = value.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
  try {
    parseAddress(text);
    return text;
  } catch {
    return undefined;
  }
}
