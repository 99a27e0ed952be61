import type { IncomingHttpHeaders } from "node:http";

/** The managers a request has been through, oldest first: their `--advertise`, separated by commas (docs/replicas.md). */
export const VIA_HEADER = "x-swarm-via";
/** For whom a manager relays, see `src/api/relayed-client.ts`. */
export const CLIENT_HEADER = "x-swarm-client";
/** What only managers may say; a client's own is dropped. */
export const RELAY_HEADERS: readonly string[] = [VIA_HEADER, CLIENT_HEADER];

/** So many managers in turn may take each other for the primary. */
export const MAX_VIA = 3;
/** Longer is no list of a few addresses, characters. */
const MAX_CHARS = 2_048;
const ADDRESS = /^[\w.:%[\]-]{1,255}$/;

/** The managers a request has been through; undefined when it came from a client, or from whoever cannot write an address. */
export function viaOf(headers: IncomingHttpHeaders): readonly string[] | undefined {
  const value = headers[VIA_HEADER];
  const text = Array.isArray(value) ? value.join(",") : value;
  if (text === undefined || text.length > MAX_CHARS) return undefined;
  const managers = text.split(",").map((part) => part.trim());
  return managers.every((manager) => ADDRESS.test(manager)) ? managers : undefined;
}

/** An address as {@link VIA_HEADER} lists it. */
export const viaEntry = (address: string): string => address.replace(/[^\w.:%[\]-]/g, "_").slice(0, 255);
