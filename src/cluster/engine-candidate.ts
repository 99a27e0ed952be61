import type { ImageSummary } from "../docker/types.ts";
import type {
  Availability,
  CandidateContainer,
  CandidateImage,
  Facts,
  HostModePort,
  PlacementRequest,
  UsedPort,
} from "../scheduler/types.ts";
import type { PoolCandidate } from "../scheduler/pool/pool-candidate.ts";
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
export class EngineCandidate implements PoolCandidate {
  readonly engine: Engine;
  readonly #resolves: (reference: string) => boolean;
  readonly #reservations = new Set<Reservation>();
  /** Reservations whose container is not listed yet: a created container is not counted twice. Undefined: to be found out. */
  #pending: readonly Reservation[] | undefined;
  #images: { readonly of: readonly ImageSummary[]; readonly list: readonly CandidateImage[] } | undefined;
  #changed: (facts: Facts) => void = () => undefined;

  constructor(engine: Engine, resolves: (reference: string) => boolean) {
    this.engine = engine;
    this.#resolves = resolves;
    this.#inventory.watch((facts) => {
      if (facts === "containers") this.#pending = undefined;
      this.#changed(facts);
    });
  }

  watch(changed: (facts: Facts) => void): void {
    this.#changed = changed;
  }

  /** What the engine says of itself, what operators say of it, or how it stands has changed. */
  nodeChanged(): void {
    this.#changed("node");
  }

  reserve(reservation: Reservation): void {
    this.#reservations.add(reservation);
    this.#reservationsChanged();
  }
  release(reservation: Reservation): void {
    if (this.#reservations.delete(reservation)) this.#reservationsChanged();
  }
  #reservationsChanged(): void {
    this.#pending = undefined;
    this.#changed("containers");
  }

  get takesPart(): boolean {
    return this.engine.isMember;
  }
  get hasReservations(): boolean {
    return this.#reservations.size > 0;
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
    return this.#inventory.containers.size + this.#notListed().length;
  }
  get usedMemoryBytes(): number {
    return this.#notListed().reduce(
      (sum, { memoryBytes }) => sum + memoryBytes,
      this.#inventory.usedMemoryBytes,
    );
  }
  get usedCpus(): number {
    return this.#notListed().reduce((sum, { cpus }) => sum + cpus, this.#inventory.usedCpus);
  }
  get containers(): Iterable<CandidateContainer> {
    const pending = this.#notListed();
    const containers = this.#inventory.containers.values();
    return pending.length === 0 ? containers : [...containers, ...pending];
  }
  get images(): Iterable<CandidateImage> {
    const { images } = this.#inventory;
    if (this.#images?.of !== images) this.#images = { of: images, list: images.map(candidateImage) };
    return this.#images.list;
  }
  get usedPorts(): Iterable<UsedPort> {
    const pending = this.#notListed().flatMap(({ usedPorts }) => usedPorts);
    const { usedPorts } = this.#inventory;
    return pending.length === 0 ? usedPorts : [...usedPorts, ...pending];
  }
  get hostModePorts(): Iterable<HostModePort> {
    const pending = this.#notListed().flatMap(({ hostModePorts }) => hostModePorts);
    const { hostModePorts } = this.#inventory;
    return pending.length === 0 ? hostModePorts : [...hostModePorts, ...pending];
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

  #notListed(): readonly Reservation[] {
    if (this.#reservations.size === 0) return NO_RESERVATIONS;
    return (this.#pending ??= [...this.#reservations].filter(
      ({ swarmId }) => !this.#inventory.hasSwarmId(swarmId),
    ));
  }
}

const NO_RESERVATIONS: readonly Reservation[] = [];

const candidateImages = new WeakMap<ImageSummary, CandidateImage>();

function candidateImage(image: ImageSummary): CandidateImage {
  let known = candidateImages.get(image);
  if (known === undefined) {
    known = { id: image.Id, repoTags: image.RepoTags ?? [], repoDigests: image.RepoDigests ?? [] };
    candidateImages.set(image, known);
  }
  return known;
}
