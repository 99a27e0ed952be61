import { randomBytes } from "node:crypto";
import { maskToken } from "../../discovery/token-place.ts";
import { ApiError, notFound } from "../errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Clock, Limits, SavedCluster } from "./types.ts";

interface Entry {
  ttlMs: number;
  /** By the clock's `elapsedMs`. */
  expiresAt: number;
}

interface Cluster {
  readonly token: string;
  readonly entries: Map<string, Entry>;
  /** By the calendar; undefined: it has entries. */
  emptySince: number | undefined;
  /** The answer to a listing, good until its first entry expires. */
  listing: { readonly json: string; readonly until: number } | undefined;
  /** Its line in the file. */
  line: string | undefined;
}

export interface RegistryOptions {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Logger;
  /** Something worth saving has changed; renewals are not. */
  readonly onChange: () => void;
}

/**
 * All clusters and their entries, in memory (spec: discovery.md §3). An entry lives as long as its last registration said; a cluster as long
 * as it has entries, and `keepEmptyMs` beyond. Every method that names an unknown cluster throws 404.
 */
export class Registry {
  readonly #clusters = new Map<string, Cluster>();
  readonly #options: RegistryOptions;
  #total = 0;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** How much there is, for `/health` and logs. */
  get size(): { readonly clusters: number; readonly entries: number } {
    return { clusters: this.#clusters.size, entries: this.#total };
  }

  /**
   * Takes over what an earlier process saved. Every entry gets its whole life anew: its agent, if it is alive, had nobody to talk to.
   * Limits do not apply: what was accepted stays.
   */
  restore(saved: readonly SavedCluster[]): void {
    const { clock } = this.#options;
    for (const { token, emptySince, entries } of saved) {
      const cluster = this.#add(token);
      for (const [address, ttlMs] of Object.entries(entries)) this.#put(cluster, address, ttlMs);
      // A calendar that was wrong then must not keep a cluster for ever.
      if (emptySince !== null && cluster.entries.size === 0) {
        cluster.emptySince = Math.min(emptySince, clock.dateMs());
      }
    }
  }

  /** @returns the new token: 128 random bits. @throws ApiError 503 when there is room for no more */
  create(): string {
    const { limits, log } = this.#options;
    if (this.#clusters.size >= limits.maxClusters) {
      throw new ApiError(503, `this service holds as many clusters as it may (${limits.maxClusters})`);
    }
    const token = randomBytes(16).toString("hex");
    this.#add(token);
    this.#changed();
    log.info({ cluster: maskToken(token) }, "cluster created");
    return token;
  }

  /** Writes an entry, or lets it live on. @throws ApiError 503 when there is room for no more */
  register(token: string, address: string, ttlMs: number): void {
    const { limits, log, clock } = this.#options;
    const cluster = this.#find(token);
    const known = cluster.entries.get(address);
    if (known?.ttlMs === ttlMs) {
      known.expiresAt = clock.elapsedMs() + ttlMs;
      return;
    }
    if (known === undefined) {
      const isFull = (): boolean => cluster.entries.size >= limits.maxEntries;
      if (isFull() || this.#total >= limits.maxTotalEntries) this.sweep();
      if (isFull())
        throw new ApiError(503, `this cluster has as many entries as it may (${limits.maxEntries})`);
      if (this.#total >= limits.maxTotalEntries) {
        throw new ApiError(503, `this service holds as many entries as it may (${limits.maxTotalEntries})`);
      }
      log.info({ cluster: maskToken(token), addr: address }, "entry added");
    }
    this.#put(cluster, address, ttlMs);
    this.#changed(cluster);
  }

  /** A JSON array of the living entries, sorted: old managers compare it position by position. */
  list(token: string): string {
    const cluster = this.#find(token);
    const now = this.#options.clock.elapsedMs();
    if (cluster.listing === undefined || cluster.listing.until <= now) {
      this.#expire(cluster, now);
      let until = Infinity;
      for (const { expiresAt } of cluster.entries.values()) until = Math.min(until, expiresAt);
      cluster.listing = { json: JSON.stringify([...cluster.entries.keys()].sort()), until };
    }
    return cluster.listing.json;
  }

  /** Forgets a cluster; its agents and managers get 404 from now on. */
  deleteCluster(token: string): void {
    this.#drop(this.#find(token));
    this.#options.log.info({ cluster: maskToken(token) }, "cluster deleted");
  }

  /** @throws ApiError 404 when there is no such entry, either */
  deleteEntry(token: string, address: string): void {
    const cluster = this.#find(token);
    if (!cluster.entries.has(address)) throw notFound("no such entry");
    this.#remove(cluster, address);
    this.#options.log.info({ cluster: maskToken(token), addr: address }, "entry removed");
  }

  /** Forgets entries that were not renewed and clusters that nobody uses. */
  sweep(): void {
    const { limits, clock, log } = this.#options;
    const now = clock.elapsedMs();
    const abandonedBefore = clock.dateMs() - limits.keepEmptyMs;
    for (const cluster of this.#clusters.values()) {
      this.#expire(cluster, now);
      if (cluster.emptySince === undefined || cluster.emptySince >= abandonedBefore) continue;
      this.#drop(cluster);
      log.info({ cluster: maskToken(cluster.token) }, "cluster abandoned");
    }
  }

  /** One line of JSON, a {@link SavedCluster}, for each cluster. */
  lines(): readonly string[] {
    return [...this.#clusters.values()].map((cluster) => (cluster.line ??= lineOf(cluster)));
  }

  #find(token: string): Cluster {
    const cluster = this.#clusters.get(token);
    if (!cluster) throw notFound("no such cluster");
    return cluster;
  }

  #add(token: string): Cluster {
    const emptySince = this.#options.clock.dateMs();
    const cluster = { token, entries: new Map(), emptySince, listing: undefined, line: undefined };
    this.#clusters.set(token, cluster);
    return cluster;
  }

  #put(cluster: Cluster, address: string, ttlMs: number): void {
    if (!cluster.entries.has(address)) this.#total++;
    cluster.entries.set(address, { ttlMs, expiresAt: this.#options.clock.elapsedMs() + ttlMs });
    cluster.emptySince = undefined;
  }

  #remove(cluster: Cluster, address: string): void {
    if (cluster.entries.delete(address)) this.#total--;
    if (cluster.entries.size === 0) cluster.emptySince = this.#options.clock.dateMs();
    this.#changed(cluster);
  }

  #expire(cluster: Cluster, now: number): void {
    for (const [address, { expiresAt }] of cluster.entries) {
      if (expiresAt > now) continue;
      this.#remove(cluster, address);
      this.#options.log.info({ cluster: maskToken(cluster.token), addr: address }, "entry expired");
    }
  }

  #drop(cluster: Cluster): void {
    this.#clusters.delete(cluster.token);
    this.#total -= cluster.entries.size;
    this.#changed();
  }

  #changed(cluster?: Cluster): void {
    if (cluster) {
      cluster.listing = undefined;
      cluster.line = undefined;
    }
    this.#options.onChange();
  }
}

function lineOf({ token, emptySince, entries }: Cluster): string {
  const lives = Object.fromEntries([...entries].map(([address, { ttlMs }]) => [address, ttlMs]));
  const saved: SavedCluster = { token, emptySince: emptySince ?? null, entries: lives };
  return JSON.stringify(saved);
}
