import { FILTERS } from "../../../filters/index.ts";
import type { PlanContainer, PlanNode, RebalancePlan } from "../../../src/reschedule/rebalance/plan-types.ts";
import { plan, type PlanOptions } from "../../../src/reschedule/rebalance/plan.ts";
import { EMPTY_REQUEST } from "../../../src/scheduler/empty-request.ts";
import type { PlacementRequest } from "../../../src/scheduler/types.ts";
import { GiB } from "../../scheduler/builders.ts";

export interface ContainerParts {
  readonly memory?: number;
  readonly cpus?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly request?: Partial<PlacementRequest>;
  /** Host ports, TCP. */
  readonly ports?: readonly string[];
  readonly obstacle?: string;
}

/** A container that may be moved and asks for nothing; a case names only what matters. */
export function container(name: string, parts: ContainerParts = {}): PlanContainer {
  const { memory = 0, cpus = 0, ports = [] } = parts;
  const bindings = ports.map((hostPort) => ({ containerPort: "80/tcp", hostIp: "", hostPort }));
  return {
    id: `id-${name}`,
    swarmId: `swarm-${name}`,
    names: [name],
    labels: parts.labels ?? {},
    pending: false,
    memoryBytes: memory,
    cpus,
    usedPorts: bindings.map((binding) => ({ ...binding, holder: name })),
    hostModePorts: [],
    request: { ...EMPTY_REQUEST, memoryBytes: memory, cpus, portBindings: bindings, ...parts.request },
    obstacle: parts.obstacle,
  };
}

/** So many plain containers: `a-1`, `a-2` … */
export const plain = (prefix: string, count: number, parts: ContainerParts = {}): PlanContainer[] =>
  Array.from({ length: count }, (_, index) => container(`${prefix}-${index + 1}`, parts));

/** A healthy node of 4 GiB and 4 CPUs. */
export function node(
  name: string,
  containers: readonly PlanContainer[] = [],
  parts: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly memory?: number;
    readonly cpus?: number;
  } = {},
): PlanNode {
  return {
    id: `ID-${name}|${name}:2375`,
    engineId: `ID-${name}`,
    addr: `${name}:2375`,
    name,
    availability: "active",
    labels: new Map(Object.entries(parts.labels ?? {})),
    healthIndicator: 100,
    images: [],
    totalMemoryBytes: parts.memory ?? 4 * GiB,
    totalCpus: parts.cpus ?? 4,
    containers,
    reserved: { containers: [], memoryBytes: 0, cpus: 0, usedPorts: [], hostModePorts: [] },
    hasContainer: (reference) =>
      containers.some(({ id, names }) => id === reference || names.includes(reference)),
  };
}

/** Plans to the end. */
export function planned(nodes: readonly PlanNode[], options: Partial<PlanOptions> = {}): RebalancePlan {
  const steps = plan(nodes, {
    strategy: "spread",
    filters: FILTERS,
    rules: { modern: false },
    max: 1_000,
    ...options,
  });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** `web n1>n2` for each move. */
export const shown = ({ moves }: RebalancePlan): readonly string[] =>
  moves.map(({ container: { names }, from, to }) => `${names[0]} ${from.name}>${to.name}`);

/** `n1:3 n2:3`: containers when all is done. */
export const counts = ({ after }: RebalancePlan): string =>
  after.nodes.map(({ name, containers }) => `${name}:${containers}`).join(" ");

/** `web: why`. */
export const staying = ({ stays }: RebalancePlan): readonly string[] =>
  stays.map(({ container: { names }, why }) => `${names[0]}: ${why}`);
