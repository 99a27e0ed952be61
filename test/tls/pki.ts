import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TlsIdentity } from "../../src/tls/identity.ts";
import { TestAuthority, type CertificateSpec, type Pair } from "../support/certificates.ts";

/** What a client shows and trusts, for `tls.connect`. */
export interface ClientPair extends Pair {
  readonly ca: string;
}

/** A manager's certificates in a folder, and an authority to make clients of. */
export interface Pki {
  readonly authority: TestAuthority;
  readonly path: (name: string) => string;
  /** Overwrites a file of the folder; answers its path. */
  readonly put: (name: string, text: string) => string;
  /** Issues a client's pair. Default: allowed for clients only. */
  readonly client: (spec?: Partial<CertificateSpec>) => Promise<ClientPair>;
  /** Writes a new pair for the manager. Its address is 127.0.0.1. */
  readonly renew: (spec?: Partial<CertificateSpec>, authority?: TestAuthority) => Promise<Pair>;
  /** The identity of what the folder holds now. */
  readonly identity: (verify: boolean) => TlsIdentity;
  readonly remove: () => void;
}

export async function makePki(authority?: TestAuthority): Promise<Pki> {
  const folder = mkdtempSync(join(tmpdir(), "swarm-pki-"));
  return await fill(folder, authority ?? (await TestAuthority.create()));
}

async function fill(folder: string, authority: TestAuthority): Promise<Pki> {
  const path = (name: string): string => join(folder, name);
  const put = (name: string, text: string): string => {
    writeFileSync(path(name), text, { mode: 0o600 });
    return path(name);
  };
  const renew: Pki["renew"] = async (spec = {}, by = authority) => {
    const pair = await by.issue({ cn: "manager", sans: ["127.0.0.1", "localhost"], ...spec });
    put("cert.pem", pair.cert);
    put("key.pem", pair.key);
    return pair;
  };
  put("ca.pem", authority.ca);
  await renew();
  return {
    authority,
    path,
    put,
    renew,
    client: async (spec = {}) => ({
      ca: authority.ca,
      ...(await authority.issue({ cn: "client", usages: ["client"], ...spec })),
    }),
    identity: (verify) =>
      TlsIdentity.load({
        verify,
        ca: verify ? path("ca.pem") : undefined,
        cert: path("cert.pem"),
        key: path("key.pem"),
      }),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
