import type { EngineClient } from "../docker/engine-client.ts";
import type { EngineEvent } from "../docker/types.ts";
import { Sleeper } from "./sleeper.ts";

/** Events not yet handled before the stream is read no further. */
const MAX_BACKLOG = 1_000;
/** Handled events remembered, to recognise them in a replay; an engine itself remembers 256. */
const REMEMBERED = 512;
/** Longest pause between attempts to open the stream again, milliseconds. */
const MAX_PAUSE_MS = 10_000;
/** A stream that lasted less, milliseconds, was no success: the pauses go on growing. */
const STABLE_MS = 5_000;

export interface EventStreamHandler {
  /** Brings the cache up to date; events of one engine are announced in order once theirs is. */
  apply(event: EngineEvent): Promise<void>;
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
  /** The events handled last, oldest first. */
  readonly #recent = new Set<string>();
  /** Engine time of the newest event, or of the connection; 0 before both. */
  #newestNano = 0n;
  #backlog = 0;
  #isOpen = false;
  #announced: Promise<void> = Promise.resolve();

  constructor(client: EngineClient, handler: EventStreamHandler) {
    this.#client = client;
    this.#handler = handler;
  }

  /** Opens the stream for the first time. @throws when the engine refuses */
  async open(signal: AbortSignal): Promise<AsyncIterable<EngineEvent>> {
    const stream = await this.#client.events(this.#since(), signal);
    this.#isOpen = true;
    return stream;
  }

  /** As far as is known: a peer that vanished is noticed by the kernel within half a minute. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** From when to ask again if the stream breaks before its first event: the engine's clock at the connection, Unix milliseconds. */
  startsAt(engineTimeMs: number): void {
    if (this.#newestNano === 0n) this.#newestNano = BigInt(Math.trunc(engineTimeMs)) * 1_000_000n;
  }

  /** Ends a pause between attempts. */
  wake(): void {
    this.#sleeper.wake();
  }

  /** Reads the stream until the signal, reopening it for ever. */
  async run(first: AsyncIterable<EngineEvent>, signal: AbortSignal): Promise<void> {
    const ended = (): boolean => signal.aborted;
    let stream = first;
    let failures = 0;
    for (;;) {
      const openedAt = performance.now();
      const broken = await this.#read(stream).catch((error: unknown) => error);
      this.#isOpen = false;
      if (ended()) return;
      if (performance.now() - openedAt >= STABLE_MS) failures = 0;
      if (failures === 0) this.#handler.lost(broken ?? new Error("the engine ended the stream"));
      let again: AsyncIterable<EngineEvent> | undefined;
      while (again === undefined) {
        failures++;
        await this.#sleeper.sleep(this.#pauseMs(failures), signal);
        if (ended()) return;
        again = await this.open(signal).catch(() => undefined);
      }
      stream = again;
      this.#handler.restored();
    }
  }

  /** The first attempt comes quickly: most breaks are a daemon's restart or a cut connection. */
  #pauseMs(failures: number): number {
    if (failures === 1) return 100;
    return Math.min(failures * 1_000, MAX_PAUSE_MS) * (0.5 + this.#handler.random() / 2);
  }

  async #read(stream: AsyncIterable<EngineEvent>): Promise<void> {
    for await (const event of stream) {
      if (this.#seen(event)) continue;
      const applied = this.#handler.apply(event).catch(() => undefined);
      this.#backlog++;
      this.#announced = this.#announced.then(async () => {
        await applied;
        this.#backlog--;
        this.#handler.announce(event);
      });
      if (this.#backlog >= MAX_BACKLOG) await this.#announced;
    }
  }

  /** Was this very event handled already? Only a replay `since` the newest one brings it again. */
  #seen(event: EngineEvent): boolean {
    const timeNano = nanoseconds(event);
    const { Type = "", Action = event.status ?? "", Actor } = event;
    const key = `${timeNano} ${Type} ${Action} ${Actor?.ID ?? event.id ?? ""} ${Actor?.Attributes?.container ?? ""}`;
    if (this.#recent.has(key)) return true;
    this.#recent.add(key);
    for (const oldest of this.#recent) {
      if (this.#recent.size <= REMEMBERED) break;
      this.#recent.delete(oldest);
    }
    if (timeNano > this.#newestNano) this.#newestNano = timeNano;
    return false;
  }

  /** `seconds.nanoseconds` of the newest event; the engine sends that one again, and it is recognised. */
  #since(): string | undefined {
    if (this.#newestNano === 0n) return undefined;
    return `${this.#newestNano / 1_000_000_000n}.${String(this.#newestNano % 1_000_000_000n).padStart(9, "0")}`;
  }
}

function nanoseconds({ time = 0, timeNano = Math.trunc(time) * 1e9 }: EngineEvent): bigint {
  return typeof timeNano === "bigint" ? timeNano : BigInt(Math.trunc(timeNano));
}
