import { endpointIn, type NetworkEndpoint } from "./networks.ts";
import type { ContainerView } from "./types.ts";

type Endpoints = Readonly<Record<string, NetworkEndpoint>>;

/** Which containers are attached to which networks, kept up to date: what `networkEndpoints` says, one network at a time. */
export class NetworkAttachments {
  readonly #attached = new Map<string, Map<string, ContainerView>>();
  readonly #changed: (networkId: string) => void;

  /** @param changed hears of every network that gains or loses a container */
  constructor(containers: Iterable<ContainerView>, changed: (networkId: string) => void = () => undefined) {
    this.#changed = changed;
    for (const container of containers) this.add(container);
  }

  add(container: ContainerView): void {
    for (const id of networksOf(container)) {
      const others = this.#attached.get(id);
      if (others === undefined) this.#attached.set(id, new Map([[container.summary.Id, container]]));
      else others.set(container.summary.Id, container);
      this.#changed(id);
    }
  }

  remove(container: ContainerView): void {
    for (const id of networksOf(container)) {
      const others = this.#attached.get(id);
      if (others?.get(container.summary.Id) !== container) continue;
      others.delete(container.summary.Id);
      if (others.size === 0) this.#attached.delete(id);
      this.#changed(id);
    }
  }

  /** A container that may be attached to others now. */
  replace(old: ContainerView, container: ContainerView): void {
    if (old.summary.NetworkSettings !== container.summary.NetworkSettings) {
      this.remove(old);
      this.add(container);
      return;
    }
    for (const id of networksOf(container)) this.#attached.get(id)?.set(container.summary.Id, container);
  }

  /** By container ID. */
  endpoints(networkId: string): Endpoints {
    const endpoints: Record<string, NetworkEndpoint> = {};
    for (const [id, container] of this.#attached.get(networkId) ?? []) {
      const endpoint = endpointIn(container, networkId);
      if (endpoint !== undefined) endpoints[id] = endpoint;
    }
    return endpoints;
  }
}

/** Each once. Most containers are in a single network. */
function networksOf({ summary }: ContainerView): readonly string[] {
  const ids: string[] = [];
  for (const { NetworkID } of Object.values(summary.NetworkSettings?.Networks ?? {}))
    if (NetworkID !== undefined && NetworkID !== "" && !ids.includes(NetworkID)) ids.push(NetworkID);
  return ids;
}
