import type { ContainerCreateBody } from "../../docker/types.ts";

const CONSTRAINTS_LABEL = "com.docker.swarm.constraints";

/** A create body and the constraints it is placed by. */
export interface Constrained {
  readonly body: ContainerCreateBody;
  readonly constraints: readonly string[];
}

/** Adds constraints we found ourselves. The label carries them as well: they hold when the container is made anew on another day. */
export function withMoreConstraints(
  body: ContainerCreateBody,
  constraints: readonly string[],
  more: Iterable<string>,
): Constrained {
  const all = [...new Set([...constraints, ...more])];
  return {
    body: { ...body, Labels: { ...body.Labels, [CONSTRAINTS_LABEL]: JSON.stringify(all) } },
    constraints: all,
  };
}
