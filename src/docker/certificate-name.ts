import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";

/** A certificate may carry thousands of names; a message shows this many. */
const MAX_NAMES = 8;

/**
 * Is the certificate one for this host? Node's rules, but for one: the common name counts only where there is no alternative name of any
 * kind (spec: tls-and-security.md §4). An address needs an alternative name of its own.
 * @param host a name or an IP address, without brackets
 * @returns undefined when it is; otherwise an Error in Go's words
 */
export function certificateNameError(host: string, certificate: PeerCertificate): Error | undefined {
  const dnsNames = alternativeNames(certificate, "DNS");
  const byCommonName = isIP(host) === 0 && dnsNames.length === 0;
  const hasNames = (certificate.subjectaltname ?? "") !== "";
  if (!(byCommonName && hasNames) && checkServerIdentity(host, certificate) === undefined) return undefined;
  const addresses = alternativeNames(certificate, "IP Address");
  return Object.assign(new Error(reason(host, { dnsNames, addresses, certificate })), {
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
}

interface Names {
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  readonly certificate: PeerCertificate;
}

function reason(host: string, { dnsNames, addresses, certificate }: Names): string {
  if (isIP(host) !== 0 && addresses.length === 0)
    return `x509: cannot validate certificate for ${host} because it doesn't contain any IP SANs`;
  // Not always text, whatever the type says: a certificate may have no subject, and a subject no common name or several.
  const { CN } = { ...certificate.subject } as { readonly CN?: unknown };
  const commonNames = (certificate.subjectaltname ?? "") === "" ? [CN].flat().filter(isText) : [];
  const validFor = isIP(host) !== 0 ? addresses : [...dnsNames, ...commonNames];
  if (validFor.length === 0)
    return `x509: certificate is not valid for any names, but wanted to match ${host}`;
  const shown = validFor.slice(0, MAX_NAMES).join(", ");
  return `x509: certificate is valid for ${shown}${validFor.length > MAX_NAMES ? ", …" : ""}, not ${host}`;
}

const isText = (value: unknown): value is string => typeof value === "string";

/** `DNS:a, IP Address:1.2.3.4`; Node puts what holds odd characters in quotes. */
function alternativeNames({ subjectaltname }: PeerCertificate, kind: "DNS" | "IP Address"): string[] {
  const names = (subjectaltname ?? "").matchAll(/(?:^|, )([^:",]+):("(?:[^"\\]|\\.)*"|[^,]*)/g);
  return [...names].flatMap(([, found, value]) => (found === kind && value !== undefined ? [value] : []));
}
