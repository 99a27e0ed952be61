import { readdirSync, readFileSync, statSync } from "node:fs";
import { createPrivateKey, X509Certificate } from "node:crypto";
import path from "node:path";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { fileErrorText } from "../src/telemetry/os-error.ts";

type Options = Readonly<Record<string, string>>;
type Environment = Readonly<Record<string, string | undefined>>;

const maxFileBytes = 4 * 2 ** 20;
const maxFiles = 2000;

/**
 * Whom a client of a token service trusts, and who it is: Node's own roots, those of `NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE` and
 * `SSL_CERT_DIR`, and `token.cacertfile`; `token.certfile` with `token.keyfile` are shown when the server asks. Files are read now.
 * @returns undefined when nothing is added to what Node does by itself
 * @throws Error naming the option and the file; files of the environment that cannot be read are passed over, as everywhere
 */
export function readTrust(options: Options, env: Environment): SecureContext | undefined {
  const pair = readPair(options);
  const own = options["token.cacertfile"];
  const isExtended = [own, env.SSL_CERT_FILE, env.SSL_CERT_DIR].some((place) => place);
  if (!isExtended) return pair && createSecureContext(pair);
  const extra = new Set([
    ...(own ? readAuthorities(own) : []),
    ...[env.NODE_EXTRA_CA_CERTS, env.SSL_CERT_FILE].flatMap((file) => tryAuthorities(file)),
    ...filesIn(env.SSL_CERT_DIR).flatMap((file) => tryAuthorities(file)),
  ]);
  return createSecureContext({ ca: [...rootCertificates, ...extra], ...pair });
}

function readPair(options: Options): { readonly cert: string; readonly key: string } | undefined {
  const [certificatePath, keyPath] = [options["token.certfile"] ?? "", options["token.keyfile"] ?? ""];
  if (certificatePath === "" && keyPath === "") return undefined;
  if (certificatePath === "" || keyPath === "") {
    throw new Error("token.certfile and token.keyfile must be given together");
  }
  const cert = read("token.certfile", certificatePath);
  const key = read("token.keyfile", keyPath);
  let matches: boolean;
  try {
    matches = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new Error(
      `could not use token.certfile ${certificatePath} with token.keyfile ${keyPath}: no certificate and unencrypted key in PEM`,
      { cause: error },
    );
  }
  if (!matches)
    throw new Error(`token.keyfile ${keyPath} is not the key of token.certfile ${certificatePath}`);
  return { cert, key };
}

function readAuthorities(file: string): readonly string[] {
  const found = certificatesIn(read("token.cacertfile", file));
  if (found.length === 0) throw new Error(`token.cacertfile ${file} holds no certificate in PEM`);
  return found;
}

function tryAuthorities(file: string | undefined): readonly string[] {
  if (!file) return [];
  try {
    return certificatesIn(readBounded(file));
  } catch {
    return [];
  }
}

function filesIn(folders: string | undefined): readonly string[] {
  return (folders ?? "").split(":").flatMap((folder) => {
    if (folder === "") return [];
    try {
      return readdirSync(folder)
        .slice(0, maxFiles)
        .map((name) => path.join(folder, name));
    } catch {
      return [];
    }
  });
}

/** Those that are certificates indeed: one broken text would spoil all the others. */
function certificatesIn(text: string): readonly string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.filter((pem) => {
    try {
      return new X509Certificate(pem).subject !== "";
    } catch {
      return false;
    }
  });
}

function read(option: string, file: string): string {
  try {
    return readBounded(file);
  } catch (error) {
    throw new Error(`could not read ${option}: ${fileErrorText(file, error)}`, { cause: error });
  }
}

function readBounded(file: string): string {
  const { size } = statSync(file);
  if (size > maxFileBytes) throw new Error(`larger than ${maxFileBytes} bytes`);
  return readFileSync(file, "utf8");
}
