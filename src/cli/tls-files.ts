import { splitHostPort } from "../../discovery/address.ts";
import type { ListenAddress } from "../config.ts";
import { errorText } from "../errors.ts";
import { exposureWarnings } from "../tls/exposure.ts";
import { TlsIdentity } from "../tls/identity.ts";
import { nameWarning } from "../tls/warnings.ts";
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
 * @returns undefined when TLS is not wanted
 * @throws CommandError with the contract's texts
 */
export function loadIdentity({
  tls,
  tlsverify,
  tlscacert,
  tlscert,
  tlskey,
}: TlsFlags): TlsIdentity | undefined {
  const wanted = tls || tlsverify;
  if (!wanted) {
    if (tlscacert || tlscert || tlskey) {
      throw new CommandError(
        "--tlscert, --tlskey and --tlscacert require the use of either --tls or --tlsverify",
      );
    }
    return undefined;
  }
  if (!tlscert || !tlskey) {
    throw new CommandError("--tlscert and --tlskey must be provided when using --tls");
  }
  if (tlsverify && !tlscacert) {
    throw new CommandError("--tlscacert must be provided when using --tlsverify");
  }
  try {
    return TlsIdentity.load({
      verify: tlsverify,
      ca: tlsverify ? tlscacert : undefined,
      cert: tlscert,
      key: tlskey,
    });
  } catch (error) {
    throw new CommandError(errorText(error), { cause: error });
  }
}

/**
 * What an operator should know about how the manager is reached.
 * @param advertise `--advertise`, which counts for nothing when it is malformed
 */
export function tlsWarnings(
  identity: TlsIdentity | undefined,
  hosts: readonly ListenAddress[],
  advertise: string,
): readonly string[] {
  const warnings = [...(identity?.warnings ?? [])];
  const host = hostOf(advertise);
  const name = identity && host !== "" && nameWarning(identity.settings.cert, identity.leaf, host);
  if (name) warnings.push(name);
  return [...warnings, ...exposureWarnings(hosts, identity)];
}

function hostOf(advertise: string): string {
  try {
    return splitHostPort(advertise).host;
  } catch {
    return "";
  }
}
