import type { TlsSettings } from "../tls/identity.ts";

/** Whom we talked to, and with which files. */
export interface TlsPeer {
  /** `host:port` */
  readonly addr: string;
  readonly files: Pick<TlsSettings, "ca" | "cert">;
  /** The handshake had succeeded, and never since our files were read has the engine answered anything. */
  readonly silent?: boolean;
}

/**
 * What is wrong with TLS between us and an engine: Docker's own words, and in brackets what to do about it
 * (spec: tls-and-security.md §4). Pure, and without paths, times or counters, so that the same mistake is the same text.
 * @returns undefined when the error is not about TLS
 */
export function tlsErrorText(error: unknown, peer: TlsPeer): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const where = `https://${peer.addr}`;
  const refused = refusalOf(error, peer);
  if (refused !== undefined) return `${CLIENT_AUTHENTICATION}: ${where}: ${refused}`;
  const fault = faultOf(error, peer);
  return fault === undefined ? undefined : `error during connect: ${where}: ${fault}`;
}

/** What a plain manager hears from an engine that serves TLS. */
export const HTTP_TO_HTTPS = "Client sent an HTTP request to an HTTPS server.";

export const httpToHttpsText = `Error response from daemon: ${HTTP_TO_HTTPS} (this engine serves TLS: start the manager with --tlsverify, --tlscacert, --tlscert and --tlskey)`;

const CLIENT_AUTHENTICATION =
  "The server probably has client authentication (--tlsverify) enabled. Please check your TLS client certification settings";

/** Why the engine did not accept our certificate; undefined when that is not what happened. */
function refusalOf(error: Error, { files, silent = false }: TlsPeer): string | undefined {
  const remedy = `the engine does not accept ${files.cert}: it must come from the engine's --tlscacert and allow client authentication`;
  const alert = alertOf(error);
  if (alert !== undefined && CERTIFICATE_ALERTS.has(alert))
    return `remote error: tls: ${alertName(alert)} (${remedy})`;
  const { code } = error as NodeJS.ErrnoException;
  // With TLS 1.3 our side of the handshake is over before the engine looks at our certificate; its alert may be lost with the connection.
  if (silent && (code === "ECONNRESET" || code === "EPIPE") && !error.message.includes(BEFORE_SECURE))
    return `the engine closed the connection right after the TLS handshake (probably ${remedy})`;
  return undefined;
}

function faultOf(error: Error, { files }: TlsPeer): string | undefined {
  const { message } = error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return `${message} (the engine's certificate must name the address that discovery has)`;
  if (UNKNOWN_AUTHORITY.has(code))
    return `x509: certificate signed by unknown authority (the engine's certificate must come from an authority in ${files.ca ?? "--tlscacert"})`;
  const validity = VALIDITY.get(code);
  if (validity !== undefined)
    return `x509: certificate has expired or is not yet valid: ${validity} (renew the engine's certificate or its authority's, or set this machine's clock)`;
  if (code === "INVALID_PURPOSE")
    return "x509: certificate specifies an incompatible key usage (the engine's certificate must allow server authentication)";
  if (OTHER_VERDICTS.has(code)) return `x509: ${message}`;
  if (PLAIN.test(message))
    return "http: server gave HTTP response to HTTPS client (the engine serves no TLS on this port: give it --tlsverify, or the manager neither --tls nor --tlsverify)";
  const alert = alertOf(error);
  if (alert !== undefined) return `remote error: tls: ${alertName(alert)}`;
  const reason = /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1];
  return reason === undefined ? undefined : `tls: ${reason}`;
}

const BEFORE_SECURE = "before secure TLS connection";
/** The first bytes of the answer were no TLS record. */
const PLAIN = /wrong version number|packet length too long/;

const UNKNOWN_AUTHORITY: ReadonlySet<string> = new Set([
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const VALIDITY: ReadonlyMap<string, string> = new Map([
  ["CERT_HAS_EXPIRED", "it has expired"],
  ["CERT_NOT_YET_VALID", "it is not valid yet"],
]);

const OTHER_VERDICTS: ReadonlySet<string> = new Set([
  "CA_KEY_TOO_SMALL",
  "CA_MD_TOO_WEAK",
  "CERT_CHAIN_TOO_LONG",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "EE_KEY_TOO_SMALL",
  "INVALID_CA",
  "PATH_LENGTH_EXCEEDED",
]);

/** Whether the engine says that it did not accept our certificate: it has read nothing of what was sent behind it. */
export function refusesCertificate(error: unknown): boolean {
  const alert = error instanceof Error ? alertOf(error) : undefined;
  return alert !== undefined && CERTIFICATE_ALERTS.has(alert);
}

function alertOf({ message }: Error): number | undefined {
  const found = /SSL alert number (\d+)/.exec(message)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Alerts that are about the certificate we showed, or did not (RFC 8446 §6.2). */
const CERTIFICATE_ALERTS: ReadonlySet<number> = new Set([42, 43, 44, 45, 46, 48, 49, 116]);

/** As Go's programs call them, and so Docker's users know them. */
const ALERT_NAMES: Readonly<Record<number, string>> = {
  40: "handshake failure",
  42: "bad certificate",
  43: "unsupported certificate",
  44: "revoked certificate",
  45: "expired certificate",
  46: "unknown certificate",
  48: "unknown certificate authority",
  49: "access denied",
  51: "error decrypting message",
  70: "protocol version not supported",
  71: "insufficient security level",
  80: "internal error",
  112: "unrecognized name",
  116: "certificate required",
};

const alertName = (alert: number): string => ALERT_NAMES[alert] ?? `alert(${alert})`;
