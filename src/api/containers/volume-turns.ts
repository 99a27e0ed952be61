import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import { areVolumesUsed, projectVolumes } from "./project-volumes.ts";

/**
 * Lets the first container of a Compose project that names a volume be made before the next one is placed: Compose creates services that do not
 * depend on each other at the same moment, and each would find a node of its own. Once the project uses the volume somewhere nobody waits.
 */
export class VolumeTurns {
  /** Volumes for which a first container is being made, and the end of that. */
  readonly #making = new Map<string, Promise<void>>();

  /** Waits until it is this container's turn, or the client has left; dispose of the answer when the container is made, or is not. */
  async take(cluster: Cluster, body: ContainerCreateBody, left: AbortSignal): Promise<Disposable> {
    const volumes = projectVolumes(body);
    while (!left.aborted && !areVolumesUsed(cluster, body)) {
      const busy = volumes.map((volume) => this.#making.get(volume)).find((end) => end !== undefined);
      if (busy === undefined) return this.#begin(volumes);
      await endOrLeft(busy, left);
    }
    return { [Symbol.dispose]: () => undefined };
  }

  #begin(volumes: readonly string[]): Disposable {
    let ended = (): void => undefined;
    const end = new Promise<void>((resolve) => (ended = resolve));
    for (const volume of volumes) this.#making.set(volume, end);
    return {
      [Symbol.dispose]: () => {
        for (const volume of volumes) this.#making.delete(volume);
        ended();
      },
    };
  }
}

async function endOrLeft(end: Promise<void>, left: AbortSignal): Promise<void> {
  let onLeft = (): void => undefined;
  const gone = new Promise<void>((resolve) => (onLeft = resolve));
  left.addEventListener("abort", onLeft);
  await Promise.race([end, gone]);
  left.removeEventListener("abort", onLeft);
}
