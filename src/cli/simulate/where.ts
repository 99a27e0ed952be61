import { isLoopback } from "../../tls/exposure.ts";
import type { ListenAddress } from "../../config.ts";
import { CommandError } from "../command-error.ts";
import { parseListenAddress } from "../listen-address.ts";

/** Where the manager of a simulation listens. */
export type ManagerPlace = Extract<ListenAddress, { proto: "tcp" }>;

/**
 * Reads `--host`: a TCP address of this machine alone, unless the user says that others may reach it.
 * @throws CommandError
 */
export function managerPlace(text: string, expose: boolean): ManagerPlace {
  const place = parseListenAddress(text);
  if (place.proto !== "tcp")
    throw new CommandError(`--host ${text}: a simulation's manager listens on TCP only`);
  if (place.port === 0) throw new CommandError(`--host ${text}: a simulation's manager needs a port`);
  if (!expose && !isLoopback(place.host))
    throw new CommandError(
      `--host ${text}: other machines could reach it, and whoever does may do everything. If they should, say --expose`,
    );
  return place;
}

/** How clients of this machine reach it: `tcp://127.0.0.1:3376`. */
export function reachedAt({ host, port }: ManagerPlace): string {
  const name = ["", "0.0.0.0", "::", "localhost"].includes(host.toLowerCase()) ? "127.0.0.1" : host;
  return `tcp://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
