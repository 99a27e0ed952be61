import { isIP } from "node:net";
import type { X509Certificate } from "node:crypto";
import { nameOf, rootOf, type TlsMaterial, type TlsSettings } from "./material.ts";
import { dateFault, dateText, validityOf } from "./validity.ts";

const dayMs = 86_400_000;
/** Sooner than this a certificate should be replaced; short-lived ones when a third of their life is left. */
const soonMs = 30 * dayMs;
const serverAuth = "1.3.6.1.5.5.7.3.1";
const clientAuth = "1.3.6.1.5.5.7.3.2";

/** What works now and will not work with everybody, or not for long. For the operator, at the start and after each reload. */
export function materialWarnings(
  { ca, cert }: TlsSettings,
  { chain: [leaf, ...others], authorities }: TlsMaterial,
  nowMs: number,
): readonly string[] {
  const warnings = [...usageWarnings(cert, leaf)];
  if (endsSoon(leaf, nowMs)) warnings.push(`The certificate in ${cert} ${soonText(leaf)}`);
  for (const each of others) {
    const fault = dateFault(each, nowMs);
    if (fault !== undefined) warnings.push(`The certificate of ${nameOf(each.subject)} in ${cert} ${fault}`);
  }
  for (const each of authorities) {
    const which = `The CA certificate of ${nameOf(each.subject)} in ${ca}`;
    const fault = dateFault(each, nowMs);
    if (fault !== undefined) warnings.push(`${which} ${fault}`);
    else if (endsSoon(each, nowMs)) warnings.push(`${which} ${soonText(each)}`);
    if (rootOf(each, authorities) === undefined) {
      warnings.push(`${which} vouches for nobody: the certificate of ${nameOf(each.issuer)} is not there`);
    }
  }
  return warnings;
}

/** One pair serves both directions; without the extension a certificate is good for all. */
function usageWarnings(path: string, { keyUsage }: X509Certificate): string[] {
  // Despite its name this is the extended key usage; the types do not say that it may be absent.
  const usages = keyUsage as string[] | undefined;
  if (usages === undefined || usages.includes("2.5.29.37.0")) return [];
  const warnings: string[] = [];
  if (!usages.includes(serverAuth)) {
    warnings.push(
      `The certificate in ${path} is not for servers (no serverAuth usage): clients that verify will refuse this manager`,
    );
  }
  if (!usages.includes(clientAuth)) {
    warnings.push(
      `The certificate in ${path} is not for clients (no clientAuth usage): engines that verify will refuse this manager`,
    );
  }
  return warnings;
}

/** Whether others can verify a manager they reach under this name or address. */
export function nameWarning(path: string, leaf: X509Certificate, host: string): string | undefined {
  const known = isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host);
  return known === undefined
    ? `The certificate in ${path} is not for ${host} (--advertise): other managers and clients that verify will refuse it; issue it with ${host} as a subject alternative name`
    : undefined;
}

function endsSoon(certificate: X509Certificate, nowMs: number): boolean {
  const { fromMs, untilMs } = validityOf(certificate);
  return untilMs - nowMs < Math.min(soonMs, (untilMs - fromMs) / 3);
}

const soonText = (certificate: X509Certificate): string =>
  `expires on ${dateText(validityOf(certificate).untilMs)}: put a new one there before that and send SIGHUP`;
