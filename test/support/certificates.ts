import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as x509 from "@peculiar/x509";

x509.cryptoProvider.set(webcrypto);

const dayMs = 86_400_000;
const algorithms = {
  ec: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  rsa: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  },
} as const;
const usages = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" } as const;

/** What to put into a certificate. */
export interface CertificateSpec {
  /** Common name. */
  readonly cn: string;
  /** Organisational units. */
  readonly ou?: readonly string[];
  /** Addresses and names, told apart by their looks. Default: none, so that only the common name is left. */
  readonly sans?: readonly string[];
  /** Extended key usage. Default: both; an empty list leaves the extension out. */
  readonly usages?: readonly ("server" | "client")[];
  readonly key?: "ec" | "rsa";
  /** Days from now. Default: -1 and 1. */
  readonly from?: number;
  readonly until?: number;
}

/** A certificate and its key, PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of the tests. */
export class TestAuthority {
  /** PEM. */
  readonly ca: string;
  readonly #certificate: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.ca = certificate.toString("pem");
  }

  static async create(cn = "test authority"): Promise<TestAuthority> {
    const keys = await newKeys("ec");
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: [{ CN: [cn] }],
      keys,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + dayMs),
      signingAlgorithm: algorithms.ec,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    });
    return new TestAuthority(certificate, keys);
  }

  /** Another authority that this one vouches for. */
  async intermediate(cn: string): Promise<TestAuthority> {
    const keys = await newKeys("ec");
    const extensions = [new x509.BasicConstraintsExtension(true, undefined, true)];
    return new TestAuthority(await this.#sign({ cn }, keys.publicKey, extensions), keys);
  }

  async issue(spec: CertificateSpec): Promise<Pair> {
    const { sans = [], usages: wanted = ["server", "client"] } = spec;
    const keys = await newKeys(spec.key ?? "ec");
    const extensions: x509.Extension[] = [new x509.BasicConstraintsExtension(false)];
    if (wanted.length > 0)
      extensions.push(new x509.ExtendedKeyUsageExtension(wanted.map((usage) => usages[usage])));
    if (sans.length > 0) {
      const isAddress = (text: string): boolean => text.includes(":") || /^[\d.]+$/.test(text);
      const names = sans.map((value) => ({ type: isAddress(value) ? "ip" : "dns", value }) as const);
      extensions.push(new x509.SubjectAlternativeNameExtension(names));
    }
    const certificate = await this.#sign(spec, keys.publicKey, extensions);
    return { cert: certificate.toString("pem"), key: await privatePem(keys.privateKey) };
  }

  /** Writes `ca.pem`, `cert.pem` and `key.pem`, as docker's clients look for them, and answers their paths. */
  async write(folder: string, spec: CertificateSpec): Promise<{ ca: string; cert: string; key: string }> {
    const { cert, key } = await this.issue(spec);
    mkdirSync(folder, { recursive: true });
    const put = (name: string, text: string): string => {
      const file = path.join(folder, name);
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    };
    return { ca: put("ca.pem", this.ca), cert: put("cert.pem", cert), key: put("key.pem", key) };
  }

  #sign(
    { cn, ou = [], from = -1, until = 1 }: Pick<CertificateSpec, "cn" | "ou" | "from" | "until">,
    publicKey: webcrypto.CryptoKey,
    extensions: x509.Extension[],
  ): Promise<x509.X509Certificate> {
    return x509.X509CertificateGenerator.create({
      subject: [{ CN: [cn] }, ...ou.map((unit) => ({ OU: [unit] }))],
      issuer: this.#certificate.subject,
      notBefore: new Date(Date.now() + from * dayMs),
      notAfter: new Date(Date.now() + until * dayMs),
      publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithms.ec,
      extensions,
    });
  }
}

async function newKeys(kind: "ec" | "rsa"): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithms[kind], true, ["sign", "verify"]);
}

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}
