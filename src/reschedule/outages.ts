import type { Cluster } from "../cluster/cluster.ts";
import type { EngineSettings } from "../config.ts";
import type { CaseReports } from "./case-reports.ts";
import type { EngineFate } from "./engine-loss.ts";
import { placeKey, type EngineWatch } from "./engine-watch.ts";
import { massFailure, type MassFailure } from "./mass-failure.ts";
import type { WantedBook } from "./wanted/book.ts";

export interface OutagesDependencies {
  readonly cluster: Pick<Cluster, "engines" | "engineAt" | "engineCount">;
  readonly book: Pick<WantedBook, "values">;
  readonly watch: Pick<EngineWatch, "awaySinceMs">;
  readonly settings: EngineSettings;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** The engines that are lost: whether they are too many at once, and telling of each once. */
export class Outages {
  readonly #dependencies: OutagesDependencies;
  readonly #reports: CaseReports;
  #mass: MassFailure | undefined;
  /** Those that were reported, by place. */
  readonly #reported = new Set<string>();

  constructor(dependencies: OutagesDependencies, reports: CaseReports) {
    this.#dependencies = dependencies;
    this.#reports = reports;
  }

  /** The mass failure that an engine was lost in. */
  massOf(key: string): MassFailure | undefined {
    return this.#mass?.keys.has(key) === true ? this.#mass : undefined;
  }

  /** @param fates what has become of the places of wanted containers */
  update(fates: ReadonlyMap<string, EngineFate>): void {
    this.#mass = this.#find(fates);
    const { book, now } = this.#dependencies;
    for (const key of this.#reported) if (!fates.has(key)) this.#reported.delete(key);
    const news = new Set<string>();
    for (const [key, { kind }] of fates) {
      if (kind === "alive") this.#reported.delete(key);
      if (kind !== "lost" || this.#reported.has(key)) continue;
      this.#reported.add(key);
      news.add(key);
      this.#reports.nodeLost(key, this.massOf(key), now());
    }
    if (news.size === 0) return;
    for (const { policy, last } of book.values()) {
      if (policy === "off" && news.has(placeKey(last))) this.#reports.skipped(last.containerId);
    }
  }

  /** Engines count whether or not they had wanted containers, and those that have left the cluster if they had. */
  #find(fates: ReadonlyMap<string, EngineFate>): MassFailure | undefined {
    const { cluster, watch, settings } = this.#dependencies;
    const losses = new Map<string, number>();
    for (const [key, fate] of fates) if (fate.kind === "lost") losses.set(key, fate.sinceMs);
    for (const { id, state } of cluster.engines) {
      const sinceMs = state === "Unhealthy" ? watch.awaySinceMs(id) : undefined;
      if (sinceMs !== undefined) losses.set(id, sinceMs);
    }
    const gone = [...losses.keys()].filter((key) => cluster.engineAt(addrOf(key)) === undefined).length;
    const all = [...losses].map(([key, sinceMs]) => ({ key, sinceMs }));
    return massFailure(all, cluster.engineCount + gone, settings.refreshMaxMs);
  }
}

const addrOf = (key: string): string => key.slice(key.indexOf("|") + 1);
