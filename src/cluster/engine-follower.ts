import type { EngineClient } from "../docker/engine-client.ts";
import type { EngineEvent } from "../docker/types.ts";
import { coalesced } from "./coalesced.ts";
import type { ContainerRecord } from "./container-record.ts";
import type { EngineCache } from "./engine-cache.ts";
import { effectOf } from "./engine-event-effect.ts";
import { EventMonitor } from "./engine-events.ts";
import { AnnouncedNews, missedEvents } from "./resync.ts";

/** What following an engine means to the rest of it. */
export interface FollowerHandler {
  /** Tells the cluster what happened. */
  publish(event: EngineEvent): void;
  execCreated(execId: string, containerId: string): void;
  /** The engine's own settings changed. */
  specsChanged(): Promise<void>;
  /** The event stream broke. */
  lost(error: unknown): void;
  /** It is open again; a {@link EngineFollower.resync} is due. */
  restored(): void;
  random(): number;
  /** Manager's clock minus the engine's. */
  clockDeltaMs(): number;
}

/** What was known when a gap in the events began, until all that was missed is told. */
interface Gap {
  readonly before: ReadonlyMap<string, ContainerRecord>;
  readonly ends: () => void;
}

/**
 * Follows one engine's events, from its validation to the loss of its identity: the cache first, then the world. After a gap it finds
 * out what was missed and tells that as well, each thing once.
 */
export class EngineFollower {
  readonly #cache: EngineCache;
  readonly #handler: FollowerHandler;
  readonly #ends = new AbortController();
  readonly #monitor: EventMonitor;
  readonly #news = new AnnouncedNews();
  #gap: Gap | undefined;
  /**
   * After a gap: reads everything again and tells what nobody heard. When it rejects, the gap stays open: what was known before is still what the
   * next attempt compares with.
   */
  readonly resync = coalesced(() => this.#resync());

  constructor(client: EngineClient, cache: EngineCache, handler: FollowerHandler) {
    this.#cache = cache;
    this.#handler = handler;
    this.#monitor = new EventMonitor(client, {
      random: () => handler.random(),
      apply: (event) => this.#apply(event),
      announce: (event) => this.#announce(event),
      lost: (error) => handler.lost(error),
      restored: () => handler.restored(),
    });
  }

  /** Aborts when the following ends. */
  get signal(): AbortSignal {
    return this.#ends.signal;
  }

  /** Opens the stream and follows it from then on. @throws when the engine refuses */
  async start(engineTimeMs: number, failed: (error: unknown) => void): Promise<void> {
    const stream = await this.#monitor.open(this.signal);
    this.#monitor.startsAt(engineTimeMs);
    this.#monitor.run(stream, this.signal).catch(failed);
  }

  /** Nothing that began here has an effect any more. */
  end(): void {
    this.#ends.abort();
  }

  /** Tries a broken stream again now. */
  wake(): void {
    this.#monitor.wake();
  }

  /** A resync failed, or is under way. */
  get isBehind(): boolean {
    return this.#gap !== undefined;
  }

  /** Whatever happens on the engine is told, and nothing was missed. */
  get isWatching(): boolean {
    return this.#monitor.isOpen && !this.isBehind;
  }

  /** @returns undefined: done already */
  #apply(event: EngineEvent): Promise<void> | undefined {
    const effect = effectOf(event);
    if (effect.kind === "specs") return this.#handler.specsChanged();
    if (effect.kind !== "exec") return this.#cache.follow(effect, event);
    this.#handler.execCreated(effect.execId, effect.containerId);
    return undefined;
  }

  #announce(event: EngineEvent): void {
    if (this.signal.aborted) return;
    if (this.#news.fromStream(event, Date.now(), this.#handler.clockDeltaMs())) this.#handler.publish(event);
  }

  async #resync(): Promise<void> {
    const { containers } = this.#cache.inventory;
    const gap = (this.#gap ??= { before: new Map(containers), ends: this.#news.resyncStarts(Date.now()) });
    await this.#cache.readAll("everything");
    this.#gap = undefined;
    const now = Date.now();
    for (const event of this.signal.aborted ? [] : missedEvents(gap.before, containers, now)) {
      if (this.#news.fromResync(event, now)) this.#handler.publish(event);
    }
    gap.ends();
  }
}
