import type { Cluster } from "../cluster/cluster.ts";
import type { Engine } from "../cluster/engine.ts";
import { limited } from "../cluster/limited.ts";
import type { EngineSettings } from "../config.ts";
import {
  engineFate,
  LEAST_SETTLE_MS,
  type EngineFate,
  type Look,
  type Looks,
  type Place,
  type Seen,
} from "./engine-loss.ts";
import type { Probe } from "./probe.ts";

/** Pause between two looks at one address while they may still change the verdict soon, and afterwards, milliseconds. */
const LOOK_EVERY_MS = { soon: 1_000, later: 5_000 };
/** Looks at once. */
const LOOKS_AT_ONCE = 32;
/** Places remembered: those of a cluster and then some. */
const MAX_PLACES = 20_000;

/** What we remember of a place whose engine is not well. */
interface Memory {
  /** Unix milliseconds. */
  awaySinceMs: number;
  looks: Looks | undefined;
  lost: boolean;
  looking: boolean;
  /** Unix milliseconds. */
  nextLookMs: number;
}

export interface EngineWatchDependencies {
  readonly cluster: Pick<Cluster, "engines" | "engineAt">;
  readonly probe: Probe;
  readonly settings: EngineSettings;
  /** `swarm.reschedule-removed` */
  readonly removedMs: number | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: () => number;
  /** A look changed what is known. */
  readonly changed: () => void;
}

/** The same text as `Engine.id`. */
export function placeKey(place: Place): string {
  let key = keys.get(place);
  if (key === undefined) keys.set(place, (key = `${place.engineId}|${place.addr}`));
  return key;
}

/** Places are immutable, and a cluster's tens of thousands are asked for again and again. */
const keys = new WeakMap<Place, string>();

/** Remembers since when engines are away, and looks at those that no health check looks at: pending ones, and those discovery lists no more. */
export class EngineWatch {
  readonly #dependencies: EngineWatchDependencies;
  readonly #memories = new Map<string, Memory>();
  readonly #inTurn = limited(LOOKS_AT_ONCE);

  constructor(dependencies: EngineWatchDependencies) {
    this.#dependencies = dependencies;
  }

  /** An engine was flagged, or left. Also told while another manager leads, so that we know since when if it is our turn. */
  away(engine: Engine): void {
    if (engine.engineId !== "") this.#memory(engine.id);
  }

  /** An engine is well. */
  back(engine: Engine): void {
    this.#memories.delete(engine.id);
  }

  /**
   * What has become of these places, by {@link placeKey}. Also begins the looks that are due, which end with the signal.
   */
  judge(places: ReadonlyMap<string, Place>, signal: AbortSignal): ReadonlyMap<string, EngineFate> {
    const namesakes = this.#namesakes();
    const fates = new Map<string, EngineFate>();
    for (const [key, place] of places) {
      const fate = this.#fate(key, place, namesakes.get(place.engineId) ?? NOBODY);
      fates.set(key, fate);
      if (fate.kind === "alive") this.#memories.delete(key);
      else this.#lookIfDue(key, place, signal);
    }
    this.#forgetAbsent(places);
    return fates;
  }

  /** What has become of one place, by what is known now. */
  fate(place: Place): EngineFate {
    return this.#fate(placeKey(place), place, this.#namesakes().get(place.engineId) ?? NOBODY);
  }

  /** Since when an engine (`Engine.id`) is away; undefined: it is not, as far as we know. */
  awaySinceMs(id: string): number | undefined {
    return this.#memories.get(id)?.awaySinceMs;
  }

  #fate(key: string, place: Place, namesakes: readonly Seen[]): EngineFate {
    const { cluster, settings, removedMs, now } = this.#dependencies;
    const itself = namesakes.find(({ addr }) => addr === place.addr);
    if (itself?.state === "Healthy") return ALIVE;
    const memory = this.#memory(key);
    const atAddress = cluster.engineAt(place.addr);
    const fate = engineFate(place, {
      namesakes,
      atAddress: atAddress && seen(atAddress),
      looks: memory.looks,
      awaySinceMs: memory.awaySinceMs,
      wasLost: memory.lost,
      removedMs,
      looksNeeded: settings.failureRetry,
      settleMs: Math.max(LEAST_SETTLE_MS, settings.refreshMinMs),
      nowMs: now(),
    });
    if (fate.kind === "lost") memory.lost = true;
    else if (fate.kind === "held") memory.lost = false;
    return fate;
  }

  #lookIfDue(key: string, { addr }: Place, signal: AbortSignal): void {
    const { cluster, now, changed } = this.#dependencies;
    const memory = this.#memory(key);
    // What the health check sees needs no second pair of eyes.
    if (memory.looking || now() < memory.nextLookMs || cluster.engineAt(addr)?.isMember === true) return;
    memory.looking = true;
    void this.#look(memory, addr, signal).then((isNews) => {
      memory.looking = false;
      if (isNews && !signal.aborted) changed();
    });
  }

  /** @returns whether it found something else than before, or silence that may count now */
  async #look(memory: Memory, addr: string, signal: AbortSignal): Promise<boolean> {
    const { probe, now, random } = this.#dependencies;
    const beganMs = now();
    const last = await this.#inTurn<Look | undefined>(() =>
      signal.aborted ? Promise.resolve(undefined) : probe(addr, signal),
    );
    if (last === undefined || signal.aborted) return false;
    const before = memory.looks;
    const silent = last.kind === "silent" ? (before?.silent ?? 0) + 1 : 0;
    memory.looks = { last, silent, silentSinceMs: silent > 1 ? (before?.silentSinceMs ?? beganMs) : beganMs };
    const settled = memory.lost || last.kind !== "silent";
    const pauseMs = settled ? LOOK_EVERY_MS.later : LOOK_EVERY_MS.soon;
    memory.nextLookMs = now() + pauseMs * (0.8 + 0.4 * random());
    return before?.last.kind !== last.kind || !settled;
  }

  #memory(key: string): Memory {
    let memory = this.#memories.get(key);
    if (memory === undefined) {
      const awaySinceMs = this.#dependencies.now();
      memory = { awaySinceMs, looks: undefined, lost: false, looking: false, nextLookMs: 0 };
      this.#memories.set(key, memory);
      const oldest = this.#memories.size > MAX_PLACES ? this.#memories.keys().next().value : undefined;
      if (oldest !== undefined) this.#memories.delete(oldest);
    }
    return memory;
  }

  #namesakes(): ReadonlyMap<string, readonly Seen[]> {
    const byEngineId = new Map<string, Seen[]>();
    for (const engine of this.#dependencies.cluster.engines) {
      const { engineId } = engine;
      if (engineId === "") continue;
      const known = byEngineId.get(engineId);
      if (known === undefined) byEngineId.set(engineId, [seen(engine)]);
      else known.push(seen(engine));
    }
    return byEngineId;
  }

  /** Places nobody asks about, at addresses that are not in the cluster, are of no use. */
  #forgetAbsent(places: ReadonlyMap<string, Place>): void {
    for (const key of this.#memories.keys()) {
      if (places.has(key)) continue;
      const addr = key.slice(key.indexOf("|") + 1);
      if (this.#dependencies.cluster.engineAt(addr) === undefined) this.#memories.delete(key);
    }
  }
}

const ALIVE: EngineFate = { kind: "alive" };
const NOBODY: readonly Seen[] = [];

const seen = ({ addr, engineId, state, error }: Engine): Seen => ({ addr, engineId, state, error });
