import type { EngineAddress } from "./types.ts";

/** A text that is no `host:port`. The message names the text and the fault. */
export class AddressError extends Error {
  constructor(text: string, fault: string) {
    super(text === "" ? fault : `address ${text}: ${fault}`);
    this.name = "AddressError";
  }
}

/**
 * Splits `host:port`, `[v6]:port` or `:port`. The host loses its brackets; the port stays text and may be empty.
 * @throws AddressError with the contract's texts (spec: discovery.md §1.2)
 */
export function splitHostPort(text: string): { readonly host: string; readonly port: string } {
  const colon = text.lastIndexOf(":");
  if (colon < 0) throw new AddressError(text, "missing port in address");
  let host = text.slice(0, colon);
  const port = text.slice(colon + 1);
  if (text.startsWith("[")) {
    const end = text.indexOf("]");
    if (end < 0) throw new AddressError(text, "missing ']' in address");
    if (end === text.length - 1) throw new AddressError(text, "missing port in address");
    if (end + 1 !== colon) {
      throw new AddressError(
        text,
        text[end + 1] === ":" ? "too many colons in address" : "missing port in address",
      );
    }
    host = text.slice(1, end);
  } else if (host.includes(":")) {
    throw new AddressError(text, "too many colons in address");
  }
  if (host.includes("[") || port.includes("[")) throw new AddressError(text, "unexpected '[' in address");
  if (host.includes("]") || port.includes("]")) throw new AddressError(text, "unexpected ']' in address");
  return { host, port };
}

/** A decimal port from 1 to 65535, or undefined. */
export function portNumber(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : undefined;
}

/**
 * Reads one discovery entry.
 * @throws AddressError when it is no `host:port` with a numeric port
 */
export function parseAddress(text: string): EngineAddress {
  const { host, port: portText } = splitHostPort(text);
  const port = portNumber(portText);
  if (port === undefined) throw new AddressError(text, "the port must be a number from 1 to 65535");
  if (!/^[\w.:%-]*$/.test(host)) throw new AddressError(text, "invalid character in host");
  return { host: host === "" ? "127.0.0.1" : host, port, address: formatAddress(host, portText) };
}

/** `host:port`, IPv6 in brackets. */
export function formatAddress(host: string, port: string): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Keeps the first of each address. */
export function withoutDuplicates(addresses: readonly EngineAddress[]): EngineAddress[] {
  return [...new Map(addresses.map((entry) => [entry.address, entry])).values()];
}
