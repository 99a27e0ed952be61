import type { Socket } from "node:net";
import { clampVersion, type ApiRange } from "../docker/api-version.ts";
import type { EngineClient } from "../docker/engine-client.ts";
import type { EngineTarget } from "../docker/engine-target.ts";
import { healthIndicator, withOvercommit } from "../scheduler/resources.ts";
import type { Availability } from "../scheduler/types.ts";
import { EngineConnections } from "./engine-address.ts";
import { EngineCache } from "./engine-cache.ts";
import { EngineCandidate } from "./engine-candidate.ts";
import type { EngineContext } from "./engine-context.ts";
import { EngineLife } from "./engine-life.ts";
import type { EngineSpecs } from "./engine-specs.ts";
import { statusText } from "./engine-state.ts";
import type { ContainerCounts } from "./inventory.ts";
import { LabelUnion } from "./label-union.ts";
import { DEFAULT_SETTINGS, type NodeSettings } from "./node-settings.ts";

/**
 * One Docker engine, as the rest of the program sees it: what it is, what it holds, how to reach it. Its {@link EngineLife} runs from
 * construction until disposed; nothing it does can fail its caller.
 */
export class Engine implements EngineTarget, AsyncDisposable {
  readonly connections: EngineConnections;
  readonly client: EngineClient;
  readonly cache: EngineCache;
  readonly candidate: EngineCandidate;
  readonly #context: EngineContext;
  readonly #closed = new AbortController();
  readonly #life: EngineLife;
  readonly #labels = new LabelUnion();

  constructor(host: string, port: number, context: EngineContext) {
    this.#context = context;
    this.connections = new EngineConnections(host, port, context.tls, this.fence);
    this.client = context.createClient(this.connections, this.#closed.signal);
    this.cache = new EngineCache(this, this.client, context);
    this.candidate = new EngineCandidate(this, (reference) => context.resolvesOn(this, reference));
    this.#life = new EngineLife(this, context, this.#closed.signal);
    this.#life.start();
  }

  // ── Its life ──────────────────────────────────────────────────────────────────────────────────────────────────

  get state(): "Pending" | "Healthy" | "Unhealthy" {
    return statusText(this.#life.standing.state);
  }
  get isHealthy(): boolean {
    return this.#life.standing.state.kind === "healthy";
  }
  /** Validated once and not lost since: its containers are part of the cluster. */
  get isMember(): boolean {
    return this.#life.standing.isMember;
  }
  /** The `Error` row; `""` when there is nothing to say. */
  get error(): string {
    const { state } = this.#life.standing;
    return state.kind === "disconnected" ? "" : state.lastError;
  }
  /** Last contact, or failure to get one; Unix milliseconds. */
  get updatedAt(): number {
    return this.#life.standing.updatedAt;
  }
  /** 0 (not healthy) to 100 (scheduling.md §7.1). */
  get healthIndicator(): number {
    const { state } = this.#life.standing;
    const { failureRetry } = this.#context.settings;
    return state.kind === "healthy" ? healthIndicator(true, state.failures, failureRetry) : 0;
  }

  /** Tries a pending engine, or sweeps a validated one, now. */
  wake(): void {
    this.#life.wake();
  }
  /** Our certificate was read again: new connections have it, and an engine that did not take the old one is tried at once. */
  identityRenewed(): void {
    this.connections.renew();
    if (!this.isHealthy) this.wake();
  }
  /** Another address took this engine over. */
  supersede(error: string): void {
    this.#life.loseIdentity(error);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#life.end();
  }

  // ── What it says of itself ────────────────────────────────────────────────────────────────────────────────────

  get #specs(): EngineSpecs | undefined {
    return this.#life.identity.specs;
  }
  /** Host name; `""` until it answered once. */
  get name(): string {
    return this.#specs?.name ?? "";
  }
  get engineId(): string {
    return this.#specs?.engineId ?? "";
  }
  /** `<engine ID>|<host:port>` */
  get id(): string {
    return this.#specs === undefined ? "" : `${this.#specs.engineId}|${this.addr}`;
  }
  get ip(): string {
    return this.#life.identity.ip;
  }
  get serverVersion(): string {
    return this.#specs?.serverVersion ?? "";
  }
  /** Built-in labels and the engine's own, without those given at run time. */
  get ownLabels(): ReadonlyMap<string, string> {
    return this.#specs?.labels ?? NO_LABELS;
  }
  get api(): ApiRange | undefined {
    return this.#specs?.api;
  }
  get experimental(): boolean {
    return this.#specs?.experimental ?? false;
  }
  /** Can make networks that span engines. */
  get spansNetworks(): boolean {
    return this.#specs?.spansNetworks ?? false;
  }
  get clockDeltaMs(): number {
    return this.#specs?.clockDeltaMs ?? 0;
  }

  // ── What operators say of it ──────────────────────────────────────────────────────────────────────────────────

  get #settings(): NodeSettings {
    return this.#context.settingsOf(this.engineId) ?? DEFAULT_SETTINGS;
  }
  get availability(): Availability {
    return this.#settings.availability;
  }
  /** All that count: built-in ones, those given at run time, the engine's own. */
  get labels(): ReadonlyMap<string, string> {
    return this.#labels.of(this.ownLabels, this.#settings.labels);
  }

  // ── What it has and holds ─────────────────────────────────────────────────────────────────────────────────────

  get cpus(): number {
    return this.#specs?.cpus ?? 0;
  }
  get memoryBytes(): number {
    return this.#specs?.memoryBytes ?? 0;
  }
  get totalCpus(): number {
    return withOvercommit(this.cpus, this.#context.overcommit);
  }
  get totalMemoryBytes(): number {
    return withOvercommit(this.memoryBytes, this.#context.overcommit);
  }
  get reservedCpus(): number {
    return this.candidate.usedCpus;
  }
  get reservedMemoryBytes(): number {
    return this.candidate.usedMemoryBytes;
  }
  get containers(): ContainerCounts {
    return this.cache.inventory.counts;
  }

  // ── How to reach it ───────────────────────────────────────────────────────────────────────────────────────────

  get host(): string {
    return this.connections.host;
  }
  get port(): number {
    return this.connections.port;
  }
  get addr(): string {
    return this.connections.addr;
  }
  get agent() {
    return this.connections.agent;
  }
  get cuts(): number {
    return this.connections.cuts;
  }
  dial(): Promise<Socket> {
    return this.connections.dial();
  }
  readonly adopt = (socket: Socket): void => this.connections.adopt(socket);
  versionedPath(clientVersion: string | undefined, path: string): string {
    if (this.api === undefined) return path;
    const version = clampVersion(clientVersion, this.api, this.#context.clusterApi().max);
    return `/v${version}${path}`;
  }
  /** What only reads may always be asked. @throws ApiError */
  readonly fence = (method: string): void => {
    if (method !== "GET" && method !== "HEAD") this.#context.fence();
  };
  noteSuccess(): void {
    this.#life.noteSuccess();
  }
  noteFailure(error: unknown): void {
    this.#life.noteFailure(error);
  }
}

const NO_LABELS: ReadonlyMap<string, string> = new Map();
