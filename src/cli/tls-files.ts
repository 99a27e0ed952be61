import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileErrorText } from "../telemetry/os-error.ts";
import { CommandError } from "./command-error.ts";

/** The TLS flags of `manage`. */
export interface TlsFlags {
  readonly tls: boolean;
  readonly tlsverify: boolean;
  readonly tlscacert: string;
  readonly tlscert: string;
  readonly tlskey: string;
}

/**
 * Checks the combination of flags and the files they name, in the contract's order (spec: cli.md §5.2 rows 1–5,
 * tls-and-security.md §2).
 * @returns whether TLS is wanted
 * @throws CommandError with the contract's texts
 */
export function checkTlsFlags({ tls, tlsverify, tlscacert, tlscert, tlskey }: TlsFlags): boolean {
  const wanted = tls || tlsverify;
  if (!wanted) {
    if (tlscacert || tlscert || tlskey) {
      throw new CommandError(
        "--tlscert, --tlskey and --tlscacert require the use of either --tls or --tlsverify",
      );
    }
    return false;
  }
  if (!tlscert || !tlskey) {
    throw new CommandError("--tlscert and --tlskey must be provided when using --tls");
  }
  if (tlsverify && !tlscacert) {
    throw new CommandError("--tlscacert must be provided when using --tlsverify");
  }
  const fault = pairFault(tlscert, tlskey);
  if (fault !== undefined) {
    throw new CommandError(`Couldn't load X509 key pair (${tlscert}, ${tlskey}): ${fault}. Key encrypted?`);
  }
  if (tlsverify) checkAuthorities(tlscacert);
  return true;
}

/** What is wrong with a certificate and its key; undefined when they belong together. */
function pairFault(certificatePath: string, keyPath: string): string | undefined {
  let certificateText, keyText;
  try {
    certificateText = readPem(certificatePath);
    keyText = readPem(keyPath);
  } catch (error) {
    return (error as Error).message;
  }
  if (!certificateText.includes("-----BEGIN CERTIFICATE-----")) {
    return "tls: failed to find any PEM data in certificate input";
  }
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(certificateText);
  } catch {
    return "tls: failed to parse certificate";
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(keyText);
  } catch {
    return "tls: failed to parse private key";
  }
  return certificate.checkPrivateKey(key) ? undefined : "tls: private key does not match public key";
}

function checkAuthorities(path: string): void {
  let text: string;
  try {
    text = readPem(path);
  } catch (error) {
    throw new CommandError(`Couldn't read CA certificate: ${(error as Error).message}`, { cause: error });
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new CommandError(`Couldn't read CA certificate: no certificate in ${path}`);
  }
}

function readPem(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(fileErrorText(path, error), { cause: error });
  }
}
