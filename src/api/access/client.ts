import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { isTroublesome } from "./plain-text.ts";

/** What a client's certificate says of it. */
export interface Client {
  /** The common name. */
  readonly cn: string | undefined;
  /** The organisational units, in the order of the certificate. */
  readonly units: readonly string[];
}

/** Nobody has a longer name, characters (X.520 allows 64). */
const MAX_CHARS = 1_024;

/**
 * Who is at the other end of a connection, by its verified certificate and nothing else. Undefined: nobody we know, because there is no
 * certificate, it was not verified, or its names can be read in two ways.
 */
export function clientOf(socket: Socket): Client | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  // Node's types promise texts; a name that occurs several times is a list, and without a certificate there is no subject at all.
  const { subject } = socket.getPeerCertificate() as { readonly subject?: Readonly<Record<string, unknown>> };
  return subject === undefined ? undefined : clientNamed(subject);
}

/** @param subject of a verified certificate, as Node decodes it */
export function clientNamed(subject: Readonly<Record<string, unknown>>): Client | undefined {
  const names = textsOf(subject, "CN");
  const units = textsOf(subject, "OU");
  if (names === undefined || units === undefined || names.length > 1) return undefined;
  return { cn: names[0], units };
}

/** Undefined: something is there that is no plain text. */
function textsOf(subject: Readonly<Record<string, unknown>>, key: string): readonly string[] | undefined {
  const value = Object.hasOwn(subject, key) ? subject[key] : [];
  const texts: readonly unknown[] = Array.isArray(value) ? (value as unknown[]) : [value];
  return texts.every(isPlain) ? texts : undefined;
}

const isPlain = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= MAX_CHARS && !isTroublesome(value);
