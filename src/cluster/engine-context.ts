import type { Logger } from "pino";
import type { EngineSettings } from "../config.ts";
import type { ApiRange } from "../docker/api-version.ts";
import type { EngineClient } from "../docker/engine-client.ts";
import type { EngineEvent } from "../docker/types.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import type { EngineConnections } from "./engine-address.ts";
import type { EngineAnnouncement } from "./engine-state.ts";
import type { Engine } from "./engine.ts";
import type { InventoryListener } from "./inventory.ts";
import type { NodeSettings } from "./node-settings.ts";

/** What an engine needs of the cluster around it. */
export interface EngineContext {
  readonly settings: EngineSettings;
  /** Undefined: engines are reached by plain HTTP. All or none (tls-and-security.md §1). */
  readonly tls: TlsIdentity | undefined;
  readonly overcommit: number;
  readonly countMemoryReservation: boolean;
  /** Containers are read after each of their events. */
  readonly exact: boolean;
  /** How many engines there are, whatever their state. */
  engineCount(): number;
  /** How many of its containers each engine is asked about at once when it is read as a whole. */
  inspectsAtOnce(): number;
  /** The engines of which events have told what is not read yet: see `ToldContainers`. */
  readonly behind: Set<Engine>;
  readonly log: Logger;
  readonly random: () => number;
  readonly index: InventoryListener;
  /** Does a container reference mean a container of this engine? (api.md §3.1) */
  resolvesOn(engine: Engine, reference: string): boolean;
  /** What operators said about this node; undefined: nothing. */
  settingsOf(engineId: string): NodeSettings | undefined;
  /** Asked right before the engine is told to change anything. @throws ApiError when this manager may not act */
  fence(): void;
  /** @param closed ends every call when the engine is given up */
  createClient(connections: EngineConnections, closed: AbortSignal): EngineClient;
  /**
   * May this engine take part, given the others? `join` is called in the same turn as the answer. Rejects with the reason when it may
   * not. Called with the engine's containers known.
   */
  admit(engine: Engine, join: () => void): Promise<void>;
  /** An engine came, went or changed its state. */
  announce(engine: Engine, action: EngineAnnouncement): void;
  /** Something happened on an engine, and its cache knows. */
  publish(engine: Engine, event: EngineEvent): void;
  /** Waits until it is this engine's turn to be read for the first time: a thousand at once would time out together. */
  validationTurn(signal: AbortSignal): Promise<Disposable>;
  /** What the cluster as a whole speaks: for requests that name no version (api.md §10.1 rule 4). */
  clusterApi(): ApiRange;
  /** An engine may speak other versions than before. */
  apiChanged(): void;
  execCreated(execId: string, engine: Engine, containerId: string): void;
}
