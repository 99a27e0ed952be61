import { X509Certificate } from "node:crypto";

const begin = /-----BEGIN CERTIFICATE-----/g;
const block = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * The certificates of a PEM text, in its order; what stands around them is skipped.
 * @throws Error for one that cannot be read, a text cut off in the middle included
 */
export function certificatesOf(text: string): readonly X509Certificate[] {
  const blocks = text.match(block) ?? [];
  if (blocks.length !== (text.match(begin) ?? []).length) throw new Error("tls: failed to parse certificate");
  return blocks.map((pem) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      throw new Error("tls: failed to parse certificate", { cause: error });
    }
  });
}

export function hasPrivateKey(text: string): boolean {
  return /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----/.test(text);
}
