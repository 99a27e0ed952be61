import type {
  Candidate,
  CandidateContainer,
  CandidateImage,
  HostModePort,
  UsedPort,
} from "../../scheduler/types.ts";
import type { PlanContainer, PlanNode } from "./plan-types.ts";

/**
 * A node with the moves planned so far. As a candidate it has what it had and what is to come, but has not lost what is to go: what fits then fits
 * whatever the order of the moves, and while both copies of a container exist.
 */
export class NodeModel implements Candidate {
  readonly node: PlanNode;
  readonly #after: Map<string, PlanContainer>;
  readonly #incoming = new Map<string, PlanContainer>();
  /** Of what it had and what is to come. */
  readonly #held = { memoryBytes: 0, cpus: 0 };
  /** When all moves are done. */
  readonly #left = { memoryBytes: 0, cpus: 0 };
  #ports: readonly UsedPort[] | undefined;
  #hostPorts: readonly HostModePort[] | undefined;

  constructor(node: PlanNode) {
    this.node = node;
    this.#after = new Map(node.containers.map((container) => [container.id, container]));
    for (const sums of [this.#held, this.#left]) {
      add(sums, node.reserved, 1);
      for (const container of node.containers) add(sums, container, 1);
    }
  }

  // ── Moves ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The container is to come here. */
  receive(container: PlanContainer): void {
    this.#incoming.set(container.id, container);
    this.#after.set(container.id, container);
    add(this.#held, container, 1);
    add(this.#left, container, 1);
    this.#ports = this.#hostPorts = undefined;
  }
  /** Takes back {@link receive}. */
  refuse(container: PlanContainer): void {
    this.#incoming.delete(container.id);
    this.#after.delete(container.id);
    add(this.#held, container, -1);
    add(this.#left, container, -1);
    this.#ports = this.#hostPorts = undefined;
  }
  /** The container is to leave. */
  give(container: PlanContainer): void {
    this.#after.delete(container.id);
    add(this.#left, container, -1);
  }
  /** Takes back {@link give}. */
  keep(container: PlanContainer): void {
    this.#after.set(container.id, container);
    add(this.#left, container, 1);
  }

  // ── When all moves are done ───────────────────────────────────────────────────────────────────────────────────

  /** Containers it has then, those that came included. */
  get containersAfter(): Iterable<PlanContainer> {
    return this.#after.values();
  }
  get countAfter(): number {
    return this.#after.size + this.node.reserved.containers.length;
  }
  /** How loaded it is then: one for each container, and the percent of memory and CPUs that are reserved. */
  get score(): number {
    const { totalMemoryBytes, totalCpus } = this.node;
    return (
      this.countAfter +
      percent(this.#left.memoryBytes, totalMemoryBytes) +
      percent(this.#left.cpus, totalCpus)
    );
  }
  /** What the container adds to the score here. */
  weightOf({ memoryBytes, cpus }: PlanContainer): number {
    return 1 + percent(memoryBytes, this.node.totalMemoryBytes) + percent(cpus, this.node.totalCpus);
  }
  /** The node with only these containers. */
  with(containers: Iterable<CandidateContainer>): Candidate {
    return new Having(this, containers);
  }

  // ── As a candidate ────────────────────────────────────────────────────────────────────────────────────────────

  get id(): string {
    return this.node.id;
  }
  get engineId(): string {
    return this.node.engineId;
  }
  get addr(): string {
    return this.node.addr;
  }
  get name(): string {
    return this.node.name;
  }
  get availability() {
    return this.node.availability;
  }
  get labels(): ReadonlyMap<string, string> {
    return this.node.labels;
  }
  get healthIndicator(): number {
    return this.node.healthIndicator;
  }
  get images(): Iterable<CandidateImage> {
    return this.node.images;
  }
  get totalMemoryBytes(): number {
    return this.node.totalMemoryBytes;
  }
  get totalCpus(): number {
    return this.node.totalCpus;
  }
  get containerCount(): number {
    return this.node.containers.length + this.node.reserved.containers.length + this.#incoming.size;
  }
  get usedMemoryBytes(): number {
    return this.#held.memoryBytes;
  }
  get usedCpus(): number {
    return this.#held.cpus;
  }
  get containers(): Iterable<CandidateContainer> {
    return [...this.node.containers, ...this.node.reserved.containers, ...this.#incoming.values()];
  }
  get usedPorts(): Iterable<UsedPort> {
    return (this.#ports ??= [
      ...this.node.reserved.usedPorts,
      ...[...this.node.containers, ...this.#incoming.values()].flatMap(({ usedPorts }) => usedPorts),
    ]);
  }
  get hostModePorts(): Iterable<HostModePort> {
    return (this.#hostPorts ??= [
      ...this.node.reserved.hostModePorts,
      ...[...this.node.containers, ...this.#incoming.values()].flatMap(({ hostModePorts }) => hostModePorts),
    ]);
  }
  hasContainer(reference: string): boolean {
    return this.node.hasContainer(reference);
  }
}

/** A node that has other containers than its model says. */
class Having implements Candidate {
  readonly #model: NodeModel;
  readonly containers: Iterable<CandidateContainer>;
  constructor(model: NodeModel, containers: Iterable<CandidateContainer>) {
    this.#model = model;
    this.containers = containers;
  }
  get id() {
    return this.#model.id;
  }
  get engineId() {
    return this.#model.engineId;
  }
  get addr() {
    return this.#model.addr;
  }
  get name() {
    return this.#model.name;
  }
  get availability() {
    return this.#model.availability;
  }
  get labels() {
    return this.#model.labels;
  }
  get healthIndicator() {
    return this.#model.healthIndicator;
  }
  get images() {
    return this.#model.images;
  }
  get totalMemoryBytes() {
    return this.#model.totalMemoryBytes;
  }
  get totalCpus() {
    return this.#model.totalCpus;
  }
  get containerCount() {
    return this.#model.containerCount;
  }
  get usedMemoryBytes() {
    return this.#model.usedMemoryBytes;
  }
  get usedCpus() {
    return this.#model.usedCpus;
  }
  get usedPorts() {
    return this.#model.usedPorts;
  }
  get hostModePorts() {
    return this.#model.hostModePorts;
  }
  hasContainer(reference: string): boolean {
    return this.#model.hasContainer(reference);
  }
}

interface Sums {
  memoryBytes: number;
  cpus: number;
}

function add(sums: Sums, { memoryBytes, cpus }: Readonly<Sums>, sign: 1 | -1): void {
  sums.memoryBytes += sign * memoryBytes;
  sums.cpus += sign * cpus;
}

const percent = (used: number, total: number): number => (total > 0 ? (used * 100) / total : 0);
