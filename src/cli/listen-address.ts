import { AddressError, formatAddress, splitHostPort } from "../../discovery/address.ts";
import type { ListenAddress } from "../config.ts";
import { CommandError } from "./command-error.ts";
import { quote } from "./go-values.ts";

/**
 * Reads one `-H`: `[tcp://]host:port` or `unix://path` (spec: cli.md §5.3). An empty host listens on every address, port 0 on a
 * free one.
 * @throws CommandError with the texts of a failed listen
 */
export function parseListenAddress(
  text: string,
  platform: NodeJS.Platform = process.platform,
): ListenAddress {
  const at = text.indexOf("://");
  const proto = at < 0 ? "tcp" : text.slice(0, at);
  const addr = at < 0 ? text : text.slice(at + 3);
  if (proto === "unix") {
    if (platform === "win32") throw new CommandError("Windows platform does not support a unix socket");
    if (addr === "") throw new CommandError("listen unix: missing path of the socket");
    return { proto, path: addr, addr };
  }
  if (proto !== "tcp") throw new CommandError(`unsupported protocol: ${quote(proto)}`);
  const { host, port } = split(addr);
  if (!/^\d*$/.test(port)) throw new CommandError(`listen tcp: lookup tcp/${port}: unknown port`);
  if (Number(port) > 65535) throw new CommandError(`listen tcp: address ${port}: invalid port`);
  return { proto, host, port: Number(port), addr: formatAddress(host, port) };
}

function split(addr: string): { readonly host: string; readonly port: string } {
  try {
    return splitHostPort(addr);
  } catch (error) {
    if (error instanceof AddressError)
      throw new CommandError(`listen tcp: ${error.message}`, { cause: error });
    throw error;
  }
}
