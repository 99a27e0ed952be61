import { BlockList, isIP } from "node:net";

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");
const unspecified = new BlockList();
unspecified.addAddress("0.0.0.0", "ipv4");
unspecified.addAddress("::", "ipv6");

/**
 * Why managers on other machines cannot use an address, judged by its looks alone; undefined: nothing strange about it.
 * @param host the host part, without brackets, as given to `--advertise`
 */
export function addressCaution(host: string): string | undefined {
  if (host === "") return "managers take an address without a host as 127.0.0.1, which is their own machine";
  const name = host.toLowerCase().replace(/\.$/, "");
  if (name === "localhost" || name.endsWith(".localhost") || holds(loopback, host)) {
    return `to managers on other machines ${host} is their own machine`;
  }
  return holds(unspecified, host) ? `${host} is an address to listen on, not one to dial` : undefined;
}

function holds(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? "ipv4" : "ipv6");
}
