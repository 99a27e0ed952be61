import { BlockList } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Where a manager listens, as far as it matters who can get there. */
export type Door =
  | { readonly proto: "tcp"; readonly host: string; readonly addr: string }
  | { readonly proto: "unix"; readonly addr: string };

/**
 * What an operator must know who serves without checking clients (tls-and-security.md §6): who reaches an engine through the API is root
 * on its host.
 * @param tls undefined: plain HTTP
 */
export function exposureWarnings(
  doors: readonly Door[],
  tls: { readonly verify: boolean } | undefined,
): readonly string[] {
  if (tls?.verify === true) return [];
  const warnings: string[] = [];
  if (tls !== undefined) {
    warnings.push(
      "--tls without --tlsverify: connections are encrypted, but neither clients nor engines have to prove who they are; use --tlsverify with --tlscacert",
    );
  }
  for (const door of doors) {
    if (door.proto !== "tcp" || isLoopback(door.host)) continue;
    warnings.push(
      `DANGER: whoever reaches tcp://${door.addr} controls every engine and is root on its host: no client certificate is asked for. Use --tlsverify, or listen on 127.0.0.1 or a unix socket`,
    );
  }
  return warnings;
}

/** A name other than localhost may mean any address. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === "localhost") return true;
  return loopback.check(host, host.includes(":") ? "ipv6" : "ipv4");
}
