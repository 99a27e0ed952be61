import type { Engine } from "../../cluster/engine.ts";
import type { NetworkSummary } from "../../docker/types.ts";
import { PROJECT_LABEL } from "../views/compose-labels.ts";
import { isLocal } from "../views/networks.ts";

/**
 * Finds the node a Compose project lives on. A service that joins two local networks can run only where both are, so the networks of
 * a project belong together.
 */
export class ProjectHomes {
  /** Networks on their way, one entry each: their engine does not list them yet. */
  readonly #making = new Set<{ readonly project: string; readonly engine: Engine }>();

  /** Of these engines the one with most of the project's local networks, among equals with most of its containers; undefined when none has any. */
  of(engines: Iterable<Engine>, project: string): Engine | undefined {
    let home: { engine: Engine; networks: number; containers: number } | undefined;
    for (const engine of engines) {
      const networks = this.#networks(engine, project);
      const containers = containersOf(engine, project);
      if (networks + containers === 0) continue;
      const isBetter =
        home === undefined ||
        networks > home.networks ||
        (networks === home.networks && containers > home.containers);
      if (isBetter) home = { engine, networks, containers };
    }
    return home?.engine;
  }

  /** A network of this project is being made there; call the answer when that has ended. */
  making(project: string, engine: Engine): () => void {
    const entry = { project, engine };
    this.#making.add(entry);
    return () => void this.#making.delete(entry);
  }

  #networks(engine: Engine, project: string): number {
    let count = 0;
    for (const network of engine.cache.inventory.networks) {
      if (isLocal(network) && labelOf(network) === project) count++;
    }
    for (const entry of this.#making) if (entry.engine === engine && entry.project === project) count++;
    return count;
  }
}

const labelOf = ({ Labels }: NetworkSummary): string | undefined =>
  (Labels as Readonly<Record<string, string>> | null | undefined)?.[PROJECT_LABEL];

function containersOf(engine: Engine, project: string): number {
  let count = 0;
  for (const { labels } of engine.cache.inventory.containers.values()) {
    if (labels[PROJECT_LABEL] === project) count++;
  }
  return count;
}
