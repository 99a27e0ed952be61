import { mkdtempSync } from "node:fs";
import path from "node:path";
import type { Lab } from "../../lab/lab.ts";
import type { CertificateSpec, TestAuthority } from "../../support/certificates.ts";

/** How a manager and its client use TLS. */
export interface ManagerTls {
  /** `--tlsverify`; otherwise `--tls`. */
  readonly verify: boolean;
  /** The manager's `ca.pem`, `cert.pem` and `key.pem`. */
  readonly folder: string;
  /** The same for the client, as `DOCKER_CERT_PATH` takes it. */
  readonly clientFolder: string;
}

/** Files for a manager on the loopback interface and for its client, in a folder of the lab. */
export async function managerTls(
  lab: Lab,
  authority: TestAuthority,
  { verify = true, ...spec }: Partial<CertificateSpec> & { readonly verify?: boolean } = {},
): Promise<ManagerTls> {
  const home = mkdtempSync(path.join(lab.folder, "manager-tls-"));
  const [folder, clientFolder] = [path.join(home, "manager"), path.join(home, "client")];
  await authority.write(folder, { cn: "manager", sans: ["127.0.0.1", "localhost"], ...spec });
  await authority.write(clientFolder, { cn: "client", usages: ["client"] });
  return { verify, folder, clientFolder };
}

/** The flags of `swarm manage`. */
export function tlsFlags({ verify, folder }: ManagerTls): readonly string[] {
  const pair = [`--tlscert=${folder}/cert.pem`, `--tlskey=${folder}/key.pem`];
  return verify ? ["--tlsverify", `--tlscacert=${folder}/ca.pem`, ...pair] : ["--tls", ...pair];
}
