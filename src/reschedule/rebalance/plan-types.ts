import type {
  Availability,
  CandidateContainer,
  CandidateImage,
  HostModePort,
  PlacementRequest,
  UsedPort,
} from "../../scheduler/types.ts";

/** A container as a plan sees it. */
export interface PlanContainer extends CandidateContainer {
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly usedPorts: readonly UsedPort[];
  readonly hostModePorts: readonly HostModePort[];
  /** What it asks of a node, its soft expressions made hard: a move must not cost it what it has. */
  readonly request: PlacementRequest;
  /** Why it cannot be moved; undefined: it can. */
  readonly obstacle: string | undefined;
}

/** A node as it was at one moment; nothing in it changes. */
export interface PlanNode {
  /** As `Candidate.id`. */
  readonly id: string;
  readonly engineId: string;
  readonly addr: string;
  readonly name: string;
  readonly availability: Availability;
  readonly labels: ReadonlyMap<string, string>;
  readonly healthIndicator: number;
  readonly images: readonly CandidateImage[];
  readonly totalMemoryBytes: number;
  readonly totalCpus: number;
  readonly containers: readonly PlanContainer[];
  /** What containers being created hold beside them. */
  readonly reserved: {
    readonly containers: readonly CandidateContainer[];
    readonly memoryBytes: number;
    readonly cpus: number;
    readonly usedPorts: readonly UsedPort[];
    readonly hostModePorts: readonly HostModePort[];
  };
  hasContainer(reference: string): boolean;
}

/** One move of a plan. */
export interface PlanMove {
  readonly container: PlanContainer;
  readonly from: PlanNode;
  readonly to: PlanNode;
}

/** How loaded each node is, in the order of names, and how unevenly. */
export interface Balance {
  /** Standard deviation of the scores. */
  readonly spread: number;
  readonly nodes: readonly { readonly name: string; readonly containers: number; readonly score: number }[];
}

export interface RebalancePlan {
  readonly before: Balance;
  readonly after: Balance;
  /** None depends on another: they may be made in any order, and each of them left out. */
  readonly moves: readonly PlanMove[];
  /** Containers a better balance would have moved, at most {@link MAX_STAYS}. */
  readonly stays: readonly { readonly container: PlanContainer; readonly why: string }[];
}

export const MAX_STAYS = 100;
