import type { EngineClient, EventFeed } from "../docker/engine-client.ts";
import type { EngineEvent } from "../docker/types.ts";
import { AnnouncementQueue } from "./announcement-queue.ts";
import { RecentEvents } from "./recent-events.ts";
import { Sleeper } from "./sleeper.ts";

/** Events not yet announced before the stream is read no further, until none waits. */
const MAX_BACKLOG = 1_000;
/** Handled events remembered, to recognise them in a replay; an engine itself remembers 256. */
const REMEMBERED = 512;
/** Longest pause between attempts to open the stream again, milliseconds. */
const MAX_PAUSE_MS = 10_000;
/** A stream that lasted less, milliseconds, was no success: the pauses go on growing. */
const STABLE_MS = 5_000;

export interface EventStreamHandler {
  /**
   * Brings the cache up to date; events of one engine are announced in order once theirs is.
   * @returns undefined when it is already
   */
  apply(event: EngineEvent): Promise<void> | undefined;
  announce(event: EngineEvent): void;
  /** The stream broke; called once per outage. */
  lost(error: unknown): void;
  /** The stream is open again, from where it broke; what the engine forgot must be looked for. */
  restored(): void;
  random(): number;
}

/** Keeps one engine's event stream open, from where it broke off, and hands each event on exactly once (events.md §6 E4). */
export class EventMonitor {
  readonly #client: EngineClient;
  readonly #handler: EventStreamHandler;
  readonly #sleeper = new Sleeper();
  readonly #recent = new RecentEvents(REMEMBERED);
  readonly #announcements: AnnouncementQueue;
  /** Engine time of the connection; 0 before it. */
  #startNano = 0n;
  #isOpen = false;
  /** The one being read. */
  #feed: EventFeed | undefined;

  constructor(client: EngineClient, handler: EventStreamHandler) {
    this.#client = client;
    this.#handler = handler;
    this.#announcements = new AnnouncementQueue(
      (event) => handler.announce(event),
      () => this.#feed?.resume(),
    );
  }

  /** Opens the stream for the first time. @throws when the engine refuses */
  async open(signal: AbortSignal): Promise<EventFeed> {
    const feed = await this.#client.events(this.#since(), signal);
    this.#isOpen = true;
    return feed;
  }

  /** As far as is known: a peer that vanished is noticed by the kernel within half a minute. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** From when to ask again if the stream breaks before its first event: the engine's clock at the connection, Unix milliseconds. */
  startsAt(engineTimeMs: number): void {
    this.#startNano = BigInt(Math.trunc(engineTimeMs)) * 1_000_000n;
  }

  /** Ends a pause between attempts. */
  wake(): void {
    this.#sleeper.wake();
  }

  /** Reads the stream until the signal, reopening it for ever. */
  async run(first: EventFeed, signal: AbortSignal): Promise<void> {
    const ended = (): boolean => signal.aborted;
    let feed = first;
    let failures = 0;
    for (;;) {
      const openedAt = performance.now();
      this.#feed = feed;
      const broken = await feed.read((event) => this.#take(feed, event)).catch((error: unknown) => error);
      this.#isOpen = false;
      if (ended()) return;
      if (performance.now() - openedAt >= STABLE_MS) failures = 0;
      if (failures === 0) this.#handler.lost(broken ?? new Error("the engine ended the stream"));
      let again: EventFeed | undefined;
      while (again === undefined) {
        failures++;
        await this.#sleeper.sleep(this.#pauseMs(failures), signal);
        if (ended()) return;
        again = await this.open(signal).catch(() => undefined);
      }
      feed = again;
      this.#handler.restored();
    }
  }

  /** The first attempt comes quickly: most breaks are a daemon's restart or a cut connection. */
  #pauseMs(failures: number): number {
    if (failures === 1) return 100;
    return Math.min(failures * 1_000, MAX_PAUSE_MS) * (0.5 + this.#handler.random() / 2);
  }

  #take(feed: EventFeed, event: EngineEvent): void {
    if (!this.#isNew(event)) return;
    this.#announcements.add(event, this.#apply(event));
    if (this.#announcements.length >= MAX_BACKLOG) feed.pause();
  }

  #apply(event: EngineEvent): Promise<void> | undefined {
    try {
      return this.#handler.apply(event);
    } catch {
      // It happened, whatever became of it here.
      return undefined;
    }
  }

  /** Is it the first time that we hear of this very event? Only a replay `since` the newest one brings it again. */
  #isNew(event: EngineEvent): boolean {
    const { Type = "", Action = event.status ?? "", Actor } = event;
    const container = Actor?.Attributes?.container ?? "";
    return this.#recent.add(
      nanoseconds(event),
      `${Type} ${Action} ${Actor?.ID ?? event.id ?? ""} ${container}`,
    );
  }

  /** `seconds.nanoseconds` of the newest event, or of the connection; the engine sends that one again, and it is recognised. */
  #since(): string | undefined {
    const { newestNano } = this.#recent;
    const nano = newestNano > this.#startNano ? newestNano : this.#startNano;
    if (nano === 0n) return undefined;
    return `${nano / 1_000_000_000n}.${String(nano % 1_000_000_000n).padStart(9, "0")}`;
  }
}

/** 0: it says no time that a clock could. */
function nanoseconds({ time = 0, timeNano }: EngineEvent): bigint {
  if (typeof timeNano === "bigint") return timeNano;
  if (timeNano !== undefined) return BigInt(Math.trunc(timeNano));
  const seconds = Math.trunc(time);
  return Number.isSafeInteger(seconds) ? BigInt(seconds) * 1_000_000_000n : 0n;
}
