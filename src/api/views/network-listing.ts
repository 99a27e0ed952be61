import { NetworkAttachments } from "./network-attachments.ts";
import { listNetworksWith, networkEntry, type NetworkListQuery } from "./network-list.ts";
import { byListedName, type NetworkGroup } from "./networks.ts";
import type { ContainerView, NodeView } from "./types.ts";

/** Networks whose JSON is kept together. */
const CHUNK = 16;

const OPENING = Buffer.from("[");
const CLOSING = Buffer.from("]\n");

/** Neighbours in the list, and their JSON while it is true, each entry followed by a comma. */
interface Chunk {
  readonly groups: readonly NetworkGroup[];
  bytes: Buffer | undefined;
}

/** The list of these networks, as long as no node is renamed. */
interface Order {
  readonly groups: readonly NetworkGroup[];
  readonly names: ReadonlyMap<NodeView, string>;
  readonly chunks: readonly Chunk[];
  readonly chunksOf: ReadonlyMap<string, readonly Chunk[]>;
}

/** Answers `GET /networks` in bytes, and makes only that anew which changed since the last time. Says what `listNetworks` says, always. */
export class NetworkListing {
  readonly #attachments: NetworkAttachments;
  #order: Order | undefined;

  /** @param containers from now on tell {@link add}, {@link remove} and {@link replace} of every change to them */
  constructor(containers: Iterable<ContainerView>) {
    this.#attachments = new NetworkAttachments(containers, (id) => {
      for (const chunk of this.#order?.chunksOf.get(id) ?? []) chunk.bytes = undefined;
    });
  }

  add(container: ContainerView): void {
    this.#attachments.add(container);
  }

  remove(container: ContainerView): void {
    this.#attachments.remove(container);
  }

  /** A container looks different, but has the same ID and names. */
  replace(old: ContainerView, container: ContainerView): void {
    this.#attachments.replace(old, container);
  }

  /**
   * The whole answer, in pieces. They are shared: nobody may change them. @throws ApiError as `listNetworks` does
   * @param groups the same list, as long as no network changes
   */
  list(groups: readonly NetworkGroup[], query: NetworkListQuery): readonly Buffer[] {
    const endpointsOf = (id: string) => this.#attachments.endpoints(id);
    if (query.filters.size > 0)
      return [Buffer.from(`${JSON.stringify(listNetworksWith(groups, endpointsOf, query))}\n`)];
    if (this.#order === undefined || !isTrue(this.#order, groups)) this.#order = orderOf(groups);
    const pieces = this.#order.chunks.map((chunk) => {
      chunk.bytes ??= Buffer.from(
        chunk.groups.map((group) => `${JSON.stringify(networkEntry(group, endpointsOf))},`).join(""),
      );
      return chunk.bytes;
    });
    const last = pieces.pop()?.subarray(0, -1);
    return [OPENING, ...pieces, ...(last === undefined ? [] : [last]), CLOSING];
  }

  /** Gives back the memory that only makes lists fast. */
  forgetBytes(): void {
    this.#order = undefined;
  }
}

function isTrue({ groups, names }: Order, now: readonly NetworkGroup[]): boolean {
  if (groups !== now) return false;
  for (const [node, name] of names) if (node.name !== name) return false;
  return true;
}

function orderOf(groups: readonly NetworkGroup[]): Order {
  const sorted = [...groups].sort(byListedName);
  const chunks: Chunk[] = [];
  const chunksOf = new Map<string, Chunk[]>();
  for (let at = 0; at < sorted.length; at += CHUNK) {
    const chunk: Chunk = { groups: sorted.slice(at, at + CHUNK), bytes: undefined };
    chunks.push(chunk);
    for (const { network } of chunk.groups) {
      const others = chunksOf.get(network.Id);
      if (others === undefined) chunksOf.set(network.Id, [chunk]);
      else others.push(chunk);
    }
  }
  const names = new Map(groups.map(({ nodes: [owner] }) => [owner, owner.name]));
  return { groups, names, chunks, chunksOf };
}
