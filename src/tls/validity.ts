import type { X509Certificate } from "node:crypto";

/** Since and until when a certificate counts, in milliseconds since the epoch. */
export interface Validity {
  readonly fromMs: number;
  readonly untilMs: number;
}

export function validityOf(certificate: X509Certificate): Validity {
  return { fromMs: Date.parse(certificate.validFrom), untilMs: Date.parse(certificate.validTo) };
}

/** What is wrong with a certificate's dates, with the date and what to do; undefined when it counts now. */
export function dateFault(certificate: X509Certificate, nowMs: number): string | undefined {
  const { fromMs, untilMs } = validityOf(certificate);
  if (nowMs > untilMs) return `expired on ${dateText(untilMs)}: put a current one there`;
  if (nowMs < fromMs) {
    return `is not valid before ${dateText(fromMs)}: check the clock of this machine, or issue a new one`;
  }
  return undefined;
}

/** `2026-11-21T06:04:33Z` */
export function dateText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
