/** Where a manager listens. */
export interface PrimaryAddress {
  readonly host: string;
  readonly port: number;
}

/** Longer names than any host has, characters. */
const MAX_CHARS = 300;

/**
 * Reads the value of the leader key: `host:port`, IPv6 in brackets, perhaps behind a scheme (spec: ha.md §3.2). Whoever writes to the store
 * wrote it.
 * @returns undefined when it is no address
 */
export function parsePrimary(text: string): PrimaryAddress | undefined {
  if (text.length > MAX_CHARS) return undefined;
  const [, bracketed, plain, digits] =
    /^(?:\w+:\/\/)?(?:\[([\da-f:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}
