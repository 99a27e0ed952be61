import {
  MOVABLE_LABEL,
  POLICIES_LABEL,
  POLICY_LABEL,
  type ContainerRecord,
} from "../../cluster/container-record.ts";
import { isId } from "./shape.ts";
import type { WantedContainer } from "./wanted.ts";

const ON_NODE_FAILURE = "on-node-failure";

/**
 * What a container's labels say about being moved; undefined: nobody asked for it, and nothing is remembered of it.
 * A label that cannot be read says nothing: where it came in through us its user was told (`parseCreate`).
 */
export function policyOf(labels: Readonly<Record<string, string>>): WantedContainer["policy"] | undefined {
  const policies = listOf(labels[POLICIES_LABEL]);
  if (policies.includes(ON_NODE_FAILURE)) return ON_NODE_FAILURE;
  const old = labels[POLICY_LABEL];
  const oldCounts =
    policies.length === 0 && (old === ON_NODE_FAILURE || listOf(old).includes(ON_NODE_FAILURE));
  if (oldCounts) return ON_NODE_FAILURE;
  return labels[MOVABLE_LABEL] === "true" ? "off" : undefined;
}

/**
 * The key of a container's record: its swarm ID, or its own ID where it was created past the manager and has none. A label that is no swarm ID
 * counts as none.
 */
export const swarmIdOf = ({ swarmId, id }: Pick<ContainerRecord, "swarmId" | "id">): string =>
  isId(swarmId) ? swarmId : id;

function listOf(label: string | undefined): readonly unknown[] {
  if (label === undefined) return [];
  try {
    const list: unknown = JSON.parse(label);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
