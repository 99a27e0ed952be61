import { createPrivateKey } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TestAuthority } from "../support/certificates.ts";

/** Files for the TLS flags, good and bad, in a folder of their own. */
export interface TlsFolder {
  readonly path: (name: string) => string;
  readonly remove: () => void;
}

/** `cert.pem` and `key.pem` belong together and `ca.pem` vouches for them; what is wrong with the others is in their names. */
export async function tlsFolder(): Promise<TlsFolder> {
  const folder = mkdtempSync(join(tmpdir(), "tls-"));
  const [authority, other] = await Promise.all([TestAuthority.create(), TestAuthority.create("other")]);
  const between = await other.intermediate("between");
  const [pair, old, early, server, client, bare] = await Promise.all([
    authority.issue({ cn: "manager", sans: ["10.0.0.1", "m1.example"] }),
    authority.issue({ cn: "manager", from: -3, until: -2 }),
    authority.issue({ cn: "manager", from: 2, until: 3 }),
    authority.issue({ cn: "manager", usages: ["server"] }),
    authority.issue({ cn: "manager", usages: ["client"] }),
    authority.issue({ cn: "manager", usages: [] }),
  ]);
  const expiring = await authority.issue({ cn: "manager", from: -3, until: 1 });
  const expired = (await other.issue({ cn: "old authority", from: -3, until: -2 })).cert;
  const encrypted = createPrivateKey(pair.key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: "secret",
  });
  const pairs = { old, early, server, client, bare, expiring };
  const files: Record<string, string> = {
    "cert.pem": pair.cert,
    "key.pem": pair.key,
    "other-key.pem": old.key,
    "encrypted-key.pem": encrypted.toString(),
    "junk.pem": "no PEM at all\n",
    "empty.pem": "",
    "half.pem": pair.cert.slice(0, 200),
    "broken.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "huge.pem": " ".repeat((1 << 20) + 1),
    "ca.pem": authority.ca,
    "ca-expired.pem": expired,
    "ca-half-expired.pem": `${expired}\n${authority.ca}`,
    "ca-between.pem": between.ca,
    "ca-orphan.pem": `${authority.ca}\n${between.ca}`,
    "ca-half.pem": `${authority.ca}\n${other.ca.slice(0, 200)}`,
  };
  for (const [name, { cert, key }] of Object.entries(pairs)) {
    files[`${name}.pem`] = cert;
    files[`${name}-key.pem`] = key;
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return { path: (name) => join(folder, name), remove: () => rmSync(folder, { recursive: true }) };
}
