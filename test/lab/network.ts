import { must } from "./command.ts";
import type { LabClaim } from "./claim.ts";

/**
 * The network of a lab: one namespace holds a bridge (the hub), every host is a veth on it, and so is the test machine.
 * The bridge is not in the machine's own namespace because bridged packets would pass its firewall there, and any
 * dockerd sets that to drop what it forwards.
 */
export class LabNetwork {
  readonly #claim: LabClaim;

  constructor(claim: LabClaim) {
    this.#claim = claim;
  }

  /** The test machine's own address in the lab. */
  get gateway(): string {
    return `${this.#claim.prefix}.1`;
  }

  /** The lab's addresses in CIDR form. */
  get subnet(): string {
    return `${this.#claim.prefix}.0/24`;
  }

  /** The namespace of a host, as a path for `nsenter --net=`. */
  namespaceFile(host: string): string {
    return `/run/netns/${this.#namespace(host)}`;
  }

  async createHub(): Promise<void> {
    const [hub, link] = [this.#namespace("hub"), `${this.#claim.id}h`];
    await shell(`
      ip netns add ${hub}
      ip -n ${hub} link add name hub type bridge
      ip -n ${hub} link set dev hub up
      ip link add ${link} type veth peer name p0 netns ${hub}
      ip -n ${hub} link set p0 master hub up
      ip addr add ${this.gateway}/24 dev ${link}
      ip link set ${link} up`);
  }

  /** A namespace with `eth0` at `address`. The hardware address follows from it, so that no neighbour entry goes stale. */
  async createHost(host: string, index: number, address: string): Promise<void> {
    const [hub, namespace, port] = [this.#namespace("hub"), this.#namespace(host), `v-${String(index)}`];
    const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
    await shell(`
      ip netns add ${namespace}
      ip -n ${namespace} link set lo up
      ip link add eth0 netns ${namespace} address 02:58:${bytes.join(":")} type veth peer name ${port} netns ${hub}
      ip -n ${hub} link set ${port} master hub up
      ip -n ${namespace} addr add ${address}/24 dev eth0
      ip -n ${namespace} link set eth0 up
      ip -n ${namespace} route add default via ${this.gateway}`);
  }

  /** Pulls or plugs a host's cable at the switch: the host itself notices nothing but silence. */
  async setPlugged(index: number, plugged: boolean): Promise<void> {
    await must("ip", [
      "-n",
      this.#namespace("hub"),
      "link",
      "set",
      `v-${String(index)}`,
      plugged ? "up" : "down",
    ]);
  }

  #namespace(name: string): string {
    return `${this.#claim.id}-${name}`;
  }
}

async function shell(script: string): Promise<void> {
  await must("sh", ["-ec", script]);
}
