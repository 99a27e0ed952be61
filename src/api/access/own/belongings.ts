import type { Cluster } from "../../../cluster/cluster.ts";
import type { ContainerRecord } from "../../../cluster/container-record.ts";
import { notFound } from "../../../errors.ts";
import { splitNodeName } from "../../accepted-engines.ts";
import { networkGroups, nodeVolumes } from "../../nodes.ts";
import { hasName, isId, parseImageReference } from "../../views/image-reference.ts";
import { resolveNetwork, type NetworkGroup } from "../../views/networks.ts";
import { volumePerNode } from "../../volumes/known-volumes.ts";
import { plainText } from "../plain-text.ts";
import type { OwnLabel } from "../policy.ts";
import { denied } from "./checks.ts";

/** What in the cluster carries a label. Everything else does not exist for its owner. */
export class Belongings {
  readonly label: OwnLabel;
  readonly #cluster: Cluster;

  constructor(cluster: Cluster, label: OwnLabel) {
    this.#cluster = cluster;
    this.label = label;
  }

  /**
   * The container of the owner's that a reference means. One that only inherits the label from its image is not: whoever publishes an image would
   * own what others run from it.
   * @throws ApiError 404 `No such container: X`, as for one that does not exist
   */
  container(reference: string): ContainerRecord {
    const { containers } = this.#cluster;
    const record = containers.resolve(reference, (each) => this.#isOwn(each));
    // The handler looks it up by its whole ID, which two engines may share when a machine was cloned.
    if (record === undefined || containers.resolve(record.id) !== record)
      throw notFound(`No such container: ${reference}`);
    return record;
  }

  /**
   * The ID of a container of the owner's that another one is to share something with.
   * @throws ApiError 403 for any other, whether it exists or not: to a 404 the docker command line answers with a pull of the image
   */
  shared(reference: string): string {
    try {
      return this.container(reference).id;
    } catch (cause) {
      throw denied(`use container ${plainText(reference)}, which is not its own`, { cause });
    }
  }

  /** @throws ApiError 404 `No such network: X`, as for one that does not exist */
  network(reference: string, near?: ContainerRecord): NetworkGroup {
    const own = this.#networks();
    const found =
      resolveNetwork(own, reference) ??
      resolveNetwork(
        own.filter(({ nodes }) => nodes.some(({ addr }) => addr === near?.engine.addr)),
        reference,
      );
    if (found === undefined) throw notFound(`No such network: ${reference}`);
    return found;
  }

  /**
   * Does this text mean a network of the owner's, on whatever node a container may be placed? False also where others have a network of its name,
   * since an engine goes by names.
   */
  isNetworkOnly(reference: string): boolean {
    const { name } = splitNodeName(reference);
    const meant = networkGroups(this.#cluster).filter(
      ({ network: { Id, Name } }) => Id === reference || Name === reference || Name === name,
    );
    return (
      meant.length > 0 &&
      meant.every(({ network }) => this.#carries(network.Labels) && !this.isForeignNetwork(network.Name))
    );
  }

  /** Is this still the name of the network with that ID, whosever it is? */
  isNetwork(name: string, id: string): boolean {
    return networkGroups(this.#cluster).some(({ network }) => network.Id === id && network.Name === name);
  }

  /** Has somebody else a network of this name or ID? */
  isForeignNetwork(name: string): boolean {
    return networkGroups(this.#cluster).some(
      ({ network: { Id, Name, Labels } }) => (Id === name || Name === name) && !this.#carries(Labels),
    );
  }

  /** Does a reference mean volumes of the owner's, on every node that has one of its name? */
  isVolume(reference: string): boolean {
    const meant = volumePerNode(this.#cluster, reference);
    return meant.length > 0 && meant.every(({ volume }) => this.#carries(volume.Labels));
  }

  /** Has somebody else a volume of this name? */
  isForeignVolume(name: string): boolean {
    return nodeVolumes(this.#cluster).some(
      ({ volume }) => volume.Name === name && !this.#carries(volume.Labels),
    );
  }

  /** Carries an image of this name, on any node, the label itself? */
  isImageLabelled(image: string): boolean {
    const name = parseImageReference(image);
    return [...this.#cluster.members()].some(({ cache }) =>
      cache.inventory.images.some(
        (each) => this.#carries(each.Labels) && (isId(each, image) || hasName(each, name)),
      ),
    );
  }

  #isOwn({ labels, engine, inspect }: ContainerRecord): boolean {
    if (!this.#carries(labels)) return false;
    const image = engine.cache.inventory.images.find(({ Id }) => Id === inspect.Image);
    return !this.#carries(image?.Labels);
  }

  #networks(): readonly NetworkGroup[] {
    return networkGroups(this.#cluster).filter(({ network }) => this.#carries(network.Labels));
  }

  /** @param labels as an engine says them */
  #carries(labels: unknown): boolean {
    if (typeof labels !== "object" || labels === null) return false;
    const { key, value } = this.label;
    return Object.hasOwn(labels, key) && (labels as Readonly<Record<string, unknown>>)[key] === value;
  }
}
