import type { Cluster } from "../../cluster/cluster.ts";
import type { CreateIntent } from "./create-intents.ts";

/**
 * The constraint that keeps an image off engines of another operating system. Asks a registry, so only where engines differ, and only
 * for this decision: nothing of it stays with the container (spec: scheduling.md §8 step 2, B11).
 */
export async function ostypeConstraint(
  cluster: Cluster,
  { request, body, registryAuth }: CreateIntent,
): Promise<string | undefined> {
  if (!cluster.mixesOsTypes || request.constraints.some((text) => text.includes("ostype"))) return undefined;
  const [engine] = cluster.healthy();
  try {
    const types = await engine?.client.distributionOsTypes(body.Image ?? "", registryAuth);
    if (types === undefined || types.length === 0) return undefined;
    return types.length === 1
      ? `ostype==${types[0]}`
      : `ostype==/${types.map((type) => `(${type})`).join("|")}/`;
  } catch {
    // The registry may be out of reach, or the image local: the engine itself will say if it does not fit.
    return undefined;
  }
}
