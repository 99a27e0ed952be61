import { errorText } from "../errors.ts";

const unverified = "tls: failed to verify client certificate: x509: ";
const unknownAuthority = `${unverified}certificate signed by unknown authority`;

/** OpenSSL's codes in the words that operators of engines know (spec: tls-and-security.md §3). */
const known: Readonly<Record<string, string>> = {
  // Of a client's certificate.
  CERT_SIGNATURE_FAILURE: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  INVALID_PURPOSE: `${unverified}certificate specifies an incompatible key usage`,
  CERT_HAS_EXPIRED: `${unverified}certificate has expired or is not yet valid`,
  CERT_NOT_YET_VALID: `${unverified}certificate has expired or is not yet valid`,
  // Of a handshake.
  ECONNRESET: "EOF",
  ERR_SSL_NO_APPLICATION_PROTOCOL: "tls: client requested unsupported application protocols",
  ERR_SSL_NO_SHARED_CIPHER: "tls: no cipher suite supported by both client and server",
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM:
    "tls: peer doesn't support any of the certificate's signature algorithms",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "tls: client didn't provide a certificate",
  ERR_SSL_UNEXPECTED_EOF_WHILE_READING: "EOF",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "tls: client offered only unsupported versions",
  ERR_SSL_WRONG_VERSION_NUMBER: "tls: first record does not look like a TLS handshake",
  ERR_TLS_HANDSHAKE_TIMEOUT: "i/o timeout",
  // What the client thinks of our certificate.
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "remote error: tls: bad certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "remote error: tls: expired certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "remote error: tls: unknown certificate",
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: "remote error: tls: handshake failure",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "remote error: tls: protocol version not supported",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "remote error: tls: unknown certificate authority",
};

/**
 * Why a handshake failed, on one short line.
 * @param refusal the code for which a client's certificate was refused, if it was
 */
export function handshakeReason(error: unknown, refusal: unknown): string {
  const verdict = refusal instanceof Error ? (refusal as NodeJS.ErrnoException).code : refusal;
  if (typeof verdict === "string") return wordsFor(verdict) ?? `${unverified}${verdict}`;
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  const words = typeof code === "string" ? wordsFor(code) : undefined;
  if (words !== undefined) return words;
  const text = typeof reason === "string" ? `tls: ${reason}` : errorText(error);
  return text.replace(/\s+/g, " ").slice(0, 200);
}

function wordsFor(code: string): string | undefined {
  return Object.hasOwn(known, code) ? known[code] : undefined;
}
