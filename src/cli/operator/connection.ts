import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { errorText } from "../../errors.ts";
import { CommandError } from "../command-error.ts";
import { parseGoBool } from "../go-values.ts";
import type { ConnectionFlags } from "./flags.ts";

/** How to reach a manager. */
export interface ManagerAddress {
  /** As the user wrote it, for messages. */
  readonly shown: string;
  readonly target: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** Undefined: plain HTTP. */
  readonly tls: ManagerTls | undefined;
}

/** PEM texts. */
export interface ManagerTls {
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

const DEFAULT_PORT = { plain: 2375, tls: 2376 };

/**
 * Reads flags and environment as the docker command line does: `DOCKER_TLS_VERIFY` with any value turns verified TLS on, the files are
 * `ca.pem`, `cert.pem` and `key.pem` in `DOCKER_CERT_PATH` or `~/.docker`.
 * @throws CommandError
 */
export function managerAddress(flags: ConnectionFlags, env: NodeJS.ProcessEnv): ManagerAddress {
  const tls = tlsOf(flags, env);
  const { host: shown } = flags;
  const [, scheme = "tcp", rest = ""] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(shown) ?? [];
  switch (scheme) {
    case "unix":
      if (rest === "") throw badHost(shown);
      return { shown, target: { socketPath: rest }, tls };
    case "tcp":
    case "http":
    case "https":
      return {
        shown,
        target: hostAndPort(rest, shown, tls !== undefined || scheme === "https"),
        tls: tls ?? bare(scheme),
      };
    default:
      throw badHost(shown);
  }
}

const bare = (scheme: string): ManagerTls | undefined =>
  scheme === "https" ? { rejectUnauthorized: true } : undefined;

function hostAndPort(
  text: string,
  shown: string,
  tls: boolean,
): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, portText] = /^(?:\[([^\]]+)\]|([^:/\s]*))(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = portText === undefined ? (tls ? DEFAULT_PORT.tls : DEFAULT_PORT.plain) : Number(portText);
  if (host === undefined || port < 1 || port > 65_535) throw badHost(shown);
  return { host: host === "" ? "127.0.0.1" : host, port };
}

const badHost = (text: string): CommandError =>
  new CommandError(
    `invalid --host ${JSON.stringify(text)}: of the form tcp://<host>:<port> or unix://<path> it should be`,
  );

function tlsOf(flags: ConnectionFlags, env: NodeJS.ProcessEnv): ManagerTls | undefined {
  const verify = flags.tlsverify || (env.DOCKER_TLS_VERIFY ?? "") !== "";
  const wanted = verify || flags.tls || parseGoBool(env.DOCKER_TLS ?? "") === true;
  if (!wanted) {
    if (flags.tlscacert || flags.tlscert || flags.tlskey)
      throw new CommandError("--tlscacert, --tlscert and --tlskey need --tls or --tlsverify");
    return undefined;
  }
  if ((flags.tlscert === "") !== (flags.tlskey === ""))
    throw new CommandError("--tlscert and --tlskey need each other");
  const folder =
    env.DOCKER_CERT_PATH === undefined || env.DOCKER_CERT_PATH === ""
      ? join(homedir(), ".docker")
      : env.DOCKER_CERT_PATH;
  // A file that was named must be there; of those that were not, what there is.
  const named = (flag: string, name: string): string | undefined => {
    const path = flag || join(folder, name);
    if (flag === "" && !existsSync(path)) return undefined;
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      throw new CommandError(`cannot read ${path}: ${errorText(error)}`, { cause: error });
    }
  };
  const ca = verify ? named(flags.tlscacert, "ca.pem") : undefined;
  const cert = named(flags.tlscert, "cert.pem");
  const key = named(flags.tlskey, "key.pem");
  return {
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}
