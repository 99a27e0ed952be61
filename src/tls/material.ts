import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { errorText } from "../errors.ts";
import { certificatesOf, hasPrivateKey } from "./pem.ts";
import { readTlsFile } from "./read-file.ts";
import { dateFault } from "./validity.ts";

/** The TLS files of one process, as paths (spec: tls-and-security.md §1: one pair serves all channels, in both directions). */
export interface TlsSettings {
  /** Peers must show a certificate of the CA. */
  readonly verify: boolean;
  /** PEM, one or several authorities; present whenever `verify` is. */
  readonly ca: string | undefined;
  /** PEM, the leaf first. */
  readonly cert: string;
  /** PEM, not encrypted. */
  readonly key: string;
}

/** What the files held when they were read last, checked. */
export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly cert: string;
  readonly key: string;
  /** Of `cert`: the leaf, then what vouches for it. */
  readonly chain: readonly [X509Certificate, ...X509Certificate[]];
  /** Of `ca`. */
  readonly authorities: readonly X509Certificate[];
}

/**
 * Reads the files and checks all that can be known about them without a peer, the contract's faults first and in its order (cli.md §5.2
 * rows 3 and 4). The start and each reload go through here.
 * @throws Error naming the file and the remedy, in the contract's words where it has some
 */
export function readMaterial(settings: TlsSettings, nowMs: number): TlsMaterial {
  const pair = readPair(settings);
  const ca = settings.verify && settings.ca !== undefined ? settings.ca : undefined;
  const authorities = ca === undefined ? undefined : readAuthorities(ca);
  const fault = dateFault(pair.chain[0], nowMs);
  if (fault !== undefined) throw new Error(`The certificate in ${settings.cert} ${fault}`);
  if (ca !== undefined && authorities !== undefined) checkTrust(ca, authorities.certificates, nowMs);
  tryOut(settings, pair, authorities?.text);
  const { cert, key, chain } = pair;
  return { cert, key, chain, ca: authorities?.text, authorities: authorities?.certificates ?? [] };
}

type Pair = Pick<TlsMaterial, "cert" | "key" | "chain">;

function readPair(settings: TlsSettings): Pair {
  try {
    const cert = readTlsFile(settings.cert);
    const key = readTlsFile(settings.key);
    const [leaf, ...others] = certificatesOf(cert);
    if (leaf === undefined) {
      throw new Error(
        hasPrivateKey(cert)
          ? "tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched"
          : "tls: failed to find any PEM data in certificate input",
      );
    }
    if (!leaf.checkPrivateKey(parseKey(key))) throw new Error("tls: private key does not match public key");
    return { cert, key, chain: [leaf, ...others] };
  } catch (error) {
    throw new Error(pairFault(settings, errorText(error)), { cause: error });
  }
}

function parseKey(text: string): KeyObject {
  if (!hasPrivateKey(text) && text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new Error("tls: found a certificate rather than a key in the PEM for the private key");
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new Error("tls: failed to parse private key", { cause: error });
  }
}

const pairFault = ({ cert, key }: TlsSettings, reason: string): string =>
  `Couldn't load X509 key pair (${cert}, ${key}): ${reason}. Key encrypted?`;

function readAuthorities(path: string): { text: string; certificates: readonly X509Certificate[] } {
  try {
    const text = readTlsFile(path);
    const certificates = certificatesOf(text);
    if (certificates.length > 0) return { text, certificates };
  } catch (error) {
    const text = errorText(error);
    const named = text.includes(path) ? text : `${path}: ${text}`;
    throw new Error(`Couldn't read CA certificate: ${named}`, { cause: error });
  }
  throw new Error(`Couldn't read CA certificate: no certificate in ${path}`);
}

/** One authority at least must be able to vouch for somebody now; the others are told in the warnings. */
function checkTrust(path: string, authorities: readonly X509Certificate[], nowMs: number): void {
  const faults = authorities.map((authority) => dateFault(authority, nowMs));
  if (!faults.includes(undefined)) {
    const [first = ""] = faults;
    throw new Error(
      faults.length === 1
        ? `The CA certificate in ${path} ${first}`
        : `None of the ${faults.length} CA certificates in ${path} counts now; the first ${first}`,
    );
  }
  const anchored = authorities.filter((authority) => rootOf(authority, authorities) !== undefined);
  const [orphan] = authorities;
  if (anchored.length === 0 && orphan !== undefined) {
    throw new Error(
      `No CA certificate in ${path} is a root, so that nobody can be verified: add the certificate of ${nameOf(orphan.issuer)}`,
    );
  }
}

/** The self-signed certificate at the end of a chain of authorities; undefined when the chain leaves the list. */
export function rootOf(
  authority: X509Certificate,
  authorities: readonly X509Certificate[],
): X509Certificate | undefined {
  let at = authority;
  for (let length = 0; length <= authorities.length; length++) {
    const current = at;
    if (current.checkIssued(current)) return current;
    const issuer = authorities.find((other) => current.checkIssued(other));
    if (issuer === undefined) return undefined;
    at = issuer;
  }
  return undefined;
}

/** A subject or issuer on one line: `O=acme, CN=root`. */
export function nameOf(subject: string | undefined): string {
  return subject?.split("\n").join(", ") ?? "(no name)";
}

/** OpenSSL may still refuse what parses well, a key that is too short for example. */
function tryOut(settings: TlsSettings, { cert, key }: Pair, ca: string | undefined): void {
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new Error(pairFault(settings, `tls: ${opensslReason(error)}`), { cause: error });
  }
  try {
    if (ca !== undefined) createSecureContext({ ca });
  } catch (error) {
    throw new Error(`Couldn't read CA certificate: ${settings.ca}: ${opensslReason(error)}`, {
      cause: error,
    });
  }
}

function opensslReason(error: unknown): string {
  const { reason } = error as { reason?: unknown };
  return typeof reason === "string" ? reason : errorText(error);
}
