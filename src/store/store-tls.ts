import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { errorText } from "../errors.ts";
import { fileErrorText } from "../telemetry/os-error.ts";
import { readTlsFile } from "../tls/read-file.ts";
import type { StoreTls } from "./connection.ts";
import { StoreError } from "./store-error.ts";

const names = ["kv.cacertfile", "kv.certfile", "kv.keyfile"] as const;

/**
 * Reads and checks the three files that TLS to a store takes (spec: tls-and-security.md §5); `undefined` when none is named. With only some
 * of them the original went on without TLS and did not say so.
 * @throws {StoreError} `invalid` naming the options that are missing; `auth` naming the file that cannot be used.
 */
export function readStoreTls(options: Readonly<Record<string, string>>): StoreTls | undefined {
  const missing = names.filter((name) => (options[name] ?? "") === "");
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) {
    const verb = missing.length === 1 ? "is" : "are";
    throw new StoreError(
      "invalid",
      `TLS to the store needs ${names.join(", ")}: ${missing.join(", ")} ${verb} missing`,
    );
  }
  const [caFile = "", certFile = "", keyFile = ""] = names.map((name) => options[name]);
  const ca = readFile(caFile, (why) => `could not read CA certificate "${caFile}": ${why}`);
  if (certificates(ca).length === 0) {
    throw new StoreError("auth", `failed to append certificates from PEM file: "${caFile}"`);
  }
  const pair = (why: string) => `Could not load X509 key pair: ${why}`;
  const cert = readFile(certFile, pair);
  const key = readFile(keyFile, pair);
  const fault = pairFault(cert, certFile, key, keyFile);
  if (fault !== undefined) throw new StoreError("auth", pair(fault));
  return { ca, cert, key };
}

/** A password in a file is not seen in a list of processes; it may be a pipe. @throws {StoreError} `auth` naming the file. */
export function readPassword(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new StoreError("auth", `could not read password "${file}": ${fileErrorText(file, error)}`, {
      cause: error,
    });
  }
}

function readFile(file: string, explain: (why: string) => string): string {
  try {
    return readTlsFile(file);
  } catch (error) {
    throw new StoreError("auth", explain(errorText(error)), { cause: error });
  }
}

/** Those of a PEM text that can be parsed. */
function certificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/** Why certificate and key are no pair; `undefined` when they are. */
function pairFault(cert: string, certFile: string, key: string, keyFile: string): string | undefined {
  const [leaf] = certificates(cert);
  if (leaf === undefined) return `tls: no certificate in ${certFile}`;
  try {
    const privateKey = createPrivateKey(key);
    return leaf.checkPrivateKey(privateKey)
      ? undefined
      : `tls: private key does not match public key: ${keyFile} is not of ${certFile}`;
  } catch {
    return `tls: no usable private key in ${keyFile} (it must be PEM and not encrypted)`;
  }
}
