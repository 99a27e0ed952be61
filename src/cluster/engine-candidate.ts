import type { ImageSummary } from "../docker/types.ts";
import type {
  Availability,
  Candidate,
  CandidateContainer,
  CandidateImage,
  HostModePort,
  PlacementRequest,
  UsedPort,
} from "../scheduler/types.ts";
import type { Engine } from "./engine.ts";

/** A placement whose container does not exist yet: it holds name, ports, memory and CPUs on its engine (scheduling.md §8). */
export interface Reservation extends CandidateContainer {
  readonly engine: Engine;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly usedPorts: readonly UsedPort[];
  readonly hostModePorts: readonly HostModePort[];
}

export function reservation(
  engine: Engine,
  swarmId: string,
  labels: Readonly<Record<string, string>>,
  request: PlacementRequest,
): Reservation {
  const holder = request.name === "" ? "a container being created" : request.name;
  const keys = request.hostNetwork ? request.exposedPorts : [];
  return {
    engine,
    id: "",
    swarmId,
    names: request.name === "" ? [] : [request.name],
    labels,
    pending: true,
    memoryBytes: request.memoryBytes,
    cpus: request.cpus,
    usedPorts: request.portBindings
      .filter(({ hostPort }) => hostPort !== "")
      .map((port) => ({ ...port, holder })),
    hostModePorts: keys.map((key) => ({ key, pending: true, holder })),
  };
}

/** An engine as placement sees it: a live view over its inventory and reservations. One per engine, for ever. */
export class EngineCandidate implements Candidate {
  readonly engine: Engine;
  readonly #resolves: (reference: string) => boolean;
  readonly #reservations = new Set<Reservation>();

  constructor(engine: Engine, resolves: (reference: string) => boolean) {
    this.engine = engine;
    this.#resolves = resolves;
  }

  reserve(reservation: Reservation): void {
    this.#reservations.add(reservation);
  }
  release(reservation: Reservation): void {
    this.#reservations.delete(reservation);
  }

  get id(): string {
    return this.engine.id;
  }
  get engineId(): string {
    return this.engine.engineId;
  }
  get addr(): string {
    return this.engine.addr;
  }
  get name(): string {
    return this.engine.name;
  }
  get availability(): Availability {
    return this.engine.availability;
  }
  get labels(): ReadonlyMap<string, string> {
    return this.engine.labels;
  }
  get healthIndicator(): number {
    return this.engine.healthIndicator;
  }
  get totalMemoryBytes(): number {
    return this.engine.totalMemoryBytes;
  }
  get totalCpus(): number {
    return this.engine.totalCpus;
  }
  get containerCount(): number {
    return this.#sum(this.#inventory.containers.size, () => 1);
  }
  get usedMemoryBytes(): number {
    return this.#sum(this.#inventory.usedMemoryBytes, (pending) => pending.memoryBytes);
  }
  get usedCpus(): number {
    return this.#sum(this.#inventory.usedCpus, (pending) => pending.cpus);
  }
  get containers(): Iterable<CandidateContainer> {
    if (this.#reservations.size === 0) return this.#inventory.containers.values();
    return [...this.#inventory.containers.values(), ...this.#pending()];
  }
  get images(): Iterable<CandidateImage> {
    return this.#inventory.images.map(candidateImage);
  }
  get usedPorts(): Iterable<UsedPort> {
    if (this.#reservations.size === 0) return this.#inventory.usedPorts;
    return [...this.#inventory.usedPorts, ...[...this.#pending()].flatMap(({ usedPorts }) => usedPorts)];
  }
  get hostModePorts(): Iterable<HostModePort> {
    if (this.#reservations.size === 0) return this.#inventory.hostModePorts;
    return [
      ...this.#inventory.hostModePorts,
      ...[...this.#pending()].flatMap(({ hostModePorts }) => hostModePorts),
    ];
  }

  hasContainer(reference: string): boolean {
    if (this.#resolves(reference)) return true;
    const bare = reference.startsWith("/") ? reference.slice(1) : reference;
    for (const { names, swarmId } of this.#reservations) {
      const [name] = names;
      if (swarmId === reference || name === bare) return true;
      if (name !== undefined && (`${this.name}/${name}` === reference || `${this.id}/${name}` === reference))
        return true;
    }
    return false;
  }

  get #inventory() {
    return this.engine.cache.inventory;
  }

  #sum(held: number, of: (pending: Reservation) => number): number {
    let sum = held;
    if (this.#reservations.size > 0) for (const pending of this.#pending()) sum += of(pending);
    return sum;
  }

  /** Reservations whose container is not listed yet: a created container is not counted twice. */
  *#pending(): Generator<Reservation> {
    for (const pending of this.#reservations) {
      if (!this.#inventory.hasSwarmId(pending.swarmId)) yield pending;
    }
  }
}

const candidateImages = new WeakMap<ImageSummary, CandidateImage>();

function candidateImage(image: ImageSummary): CandidateImage {
  let known = candidateImages.get(image);
  if (known === undefined) {
    known = { id: image.Id, repoTags: image.RepoTags ?? [], repoDigests: image.RepoDigests ?? [] };
    candidateImages.set(image, known);
  }
  return known;
}
