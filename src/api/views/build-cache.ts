import type { Unknown } from "../../docker/types.ts";
import type { NodeView } from "./types.ts";

/** One node's build cache records, as the engine lists them. */
export interface NodeBuildCache {
  readonly node: NodeView;
  readonly records: readonly Unknown[];
}

/**
 * All nodes' build cache as one list (api.md §10.3). IDs of which several nodes have one become `node/id`, also where records name them as their parents.
 */
export function mergeBuildCache(nodes: readonly NodeBuildCache[]): readonly Unknown[] {
  const holders = new Map<unknown, number>();
  for (const { records } of nodes) {
    for (const id of new Set(records.map(({ ID }) => ID))) holders.set(id, (holders.get(id) ?? 0) + 1);
  }
  return nodes.flatMap(({ node, records }) => {
    const named = (id: unknown): unknown => ((holders.get(id) ?? 0) > 1 ? `${node.name}/${String(id)}` : id);
    return records.map((record) => ({
      ...record,
      ID: named(record.ID),
      ...("Parent" in record ? { Parent: named(record.Parent) } : {}),
      ...(Array.isArray(record.Parents) ? { Parents: record.Parents.map(named) } : {}),
    }));
  });
}
