import type { ImageSummary, NetworkSummary, VolumeSummary } from "../docker/types.ts";
import type { HostModePort, UsedPort } from "../scheduler/types.ts";
import { hasSameReferences, takesTheSame } from "./changed-record.ts";
import type { ContainerRecord } from "./container-record.ts";

/**
 * Hears of every container that comes, goes or changes, so that cluster-wide indexes follow. What changes by which others find it, such as a name, is a
 * removal and an addition.
 */
export interface InventoryListener {
  containerAdded(record: ContainerRecord): void;
  containerRemoved(record: ContainerRecord): void;
  /** Both are found by the same references (see {@link hasSameReferences}). */
  containerReplaced(old: ContainerRecord, record: ContainerRecord): void;
}

export interface ContainerCounts {
  readonly total: number;
  readonly running: number;
  readonly paused: number;
  readonly stopped: number;
}

interface Totals {
  memoryBytes: number;
  cpus: number;
  running: number;
  paused: number;
}

/** What of an inventory can change under a placement. */
export type InventoryFacts = "containers" | "images";

/** What one engine holds, with the sums and lists placement reads. Kept up to date on change, never recomputed per request. */
export class Inventory {
  #listener: InventoryListener | undefined;
  #changed: (facts: InventoryFacts) => void = () => undefined;
  readonly #containers = new Map<string, ContainerRecord>();
  #version = 0;
  readonly #totals: Totals = { memoryBytes: 0, cpus: 0, running: 0, paused: 0 };
  /** Swarm IDs and how many containers here have them (two, if a user made a copy). */
  readonly #swarmIds = new Map<string, number>();
  #usedPorts: readonly UsedPort[] | undefined;
  #hostModePorts: readonly HostModePort[] | undefined;
  #images: readonly ImageSummary[] = [];
  networks: readonly NetworkSummary[] = [];
  volumes: readonly VolumeSummary[] = [];

  /** From now on the listener knows of every container here. */
  attach(listener: InventoryListener): void {
    this.detach();
    this.#listener = listener;
    for (const record of this.#containers.values()) listener.containerAdded(record);
  }

  /** The listener forgets every container here. */
  detach(): void {
    for (const record of this.#containers.values()) this.#listener?.containerRemoved(record);
    this.#listener = undefined;
  }

  /** From now on tells of every change, attached or not. One watcher, the last. */
  watch(changed: (facts: InventoryFacts) => void): void {
    this.#changed = changed;
  }

  get images(): readonly ImageSummary[] {
    return this.#images;
  }
  set images(images: readonly ImageSummary[]) {
    this.#images = images;
    this.#changed("images");
  }

  /** Another one whenever a container came, went or changed. */
  get version(): number {
    return this.#version;
  }

  get containers(): ReadonlyMap<string, ContainerRecord> {
    return this.#containers;
  }

  /** Adds or replaces. */
  setContainer(record: ContainerRecord): void {
    this.#version++;
    const old = this.#containers.get(record.id);
    if (old !== undefined && hasSameReferences(old, record)) this.#replace(old, record);
    else {
      if (old !== undefined) this.#forget(old);
      this.#containers.set(record.id, record);
      this.#count(record, 1);
      this.#countCopies(record, 1);
      this.#portsChanged(record);
      this.#changed("containers");
      this.#listener?.containerAdded(record);
    }
  }

  removeContainer(id: string): ContainerRecord | undefined {
    const record = this.#containers.get(id);
    if (record === undefined) return undefined;
    this.#version++;
    this.#forget(record);
    this.#containers.delete(id);
    this.#changed("containers");
    return record;
  }

  clear(): void {
    for (const id of [...this.#containers.keys()]) this.removeContainer(id);
    this.images = [];
    this.networks = [];
    this.volumes = [];
  }

  hasSwarmId(swarmId: string): boolean {
    return this.#swarmIds.has(swarmId);
  }

  get usedMemoryBytes(): number {
    return this.#totals.memoryBytes;
  }

  get usedCpus(): number {
    return this.#totals.cpus;
  }

  get counts(): ContainerCounts {
    const { running, paused } = this.#totals;
    const total = this.#containers.size;
    return { total, running, paused, stopped: total - running - paused };
  }

  get usedPorts(): readonly UsedPort[] {
    return (this.#usedPorts ??= [...this.#containers.values()].flatMap((record) => record.usedPorts));
  }

  get hostModePorts(): readonly HostModePort[] {
    return (this.#hostModePorts ??= [...this.#containers.values()].flatMap((record) => record.hostModePorts));
  }

  #replace(old: ContainerRecord, record: ContainerRecord): void {
    this.#containers.set(record.id, record);
    this.#count(old, -1);
    this.#count(record, 1);
    if (!takesTheSame(old, record)) {
      this.#portsChanged(old);
      this.#portsChanged(record);
      this.#changed("containers");
    }
    this.#listener?.containerReplaced(old, record);
  }

  #forget(record: ContainerRecord): void {
    this.#count(record, -1);
    this.#countCopies(record, -1);
    this.#portsChanged(record);
    this.#listener?.containerRemoved(record);
  }

  #count({ memoryBytes, cpus, inspect: { State } }: ContainerRecord, sign: 1 | -1): void {
    this.#totals.memoryBytes += sign * memoryBytes;
    this.#totals.cpus += sign * cpus;
    if (State.Paused) this.#totals.paused += sign;
    else if (State.Running) this.#totals.running += sign;
  }

  #countCopies({ swarmId }: ContainerRecord, sign: 1 | -1): void {
    if (swarmId === "") return;
    const copies = (this.#swarmIds.get(swarmId) ?? 0) + sign;
    if (copies > 0) this.#swarmIds.set(swarmId, copies);
    else this.#swarmIds.delete(swarmId);
  }

  #portsChanged({ usedPorts, hostModePorts }: ContainerRecord): void {
    if (usedPorts.length > 0) this.#usedPorts = undefined;
    if (hostModePorts.length > 0) this.#hostModePorts = undefined;
  }
}
