import type { EngineEvent } from "../docker/types.ts";
import type { ContainerRecord } from "./container-record.ts";

/**
 * What nobody heard happen while an engine's event stream was away, as the events it would have sent. Compares what was known with
 * what is there now.
 * @param timeMs when it was found out, Unix milliseconds
 */
export function missedEvents(
  before: ReadonlyMap<string, ContainerRecord>,
  after: ReadonlyMap<string, ContainerRecord>,
  timeMs: number,
): EngineEvent[] {
  const events: EngineEvent[] = [];
  const add = (record: ContainerRecord, action: string): void => {
    events.push(containerEvent(record, action, timeMs));
  };
  for (const [id, old] of before) {
    const now = after.get(id);
    if (now === undefined) {
      add(old, "destroy");
      continue;
    }
    const was = old.inspect.State;
    const is = now.inspect.State;
    if (is.Running && was.Running && startedAnew(old, now)) add(now, "restart");
    else if (is.Running && !was.Running) add(now, "start");
    else if (!is.Running && was.Running) add(now, "die");
    else if (is.Paused !== was.Paused) add(now, is.Paused ? "pause" : "unpause");
    if (old.names[0] !== now.names[0]) add(now, "rename");
  }
  for (const [id, now] of after) {
    if (before.has(id)) continue;
    add(now, "create");
    if (now.inspect.State.Running) add(now, "start");
  }
  return events;
}

/** What we have of an event is a little later than what it tells. */
function startedAnew(old: ContainerRecord, now: ContainerRecord): boolean {
  const was = old.inspect.State.StartedAt;
  const is = now.inspect.State.StartedAt;
  return old.told ? is.replace(/Z$/, "") > was.replace(/Z$/, "") : is !== was;
}

function containerEvent(record: ContainerRecord, action: string, timeMs: number): EngineEvent {
  const image = record.inspect.Config.Image ?? "";
  const exitCode = action === "die" ? { exitCode: String(record.inspect.State.ExitCode) } : {};
  return {
    status: action,
    id: record.id,
    from: image,
    Type: "container",
    Action: action,
    Actor: {
      ID: record.id,
      Attributes: { ...record.labels, ...exitCode, image, name: record.names[0] ?? "" },
    },
    scope: "local",
    time: Math.floor(timeMs / 1_000),
    timeNano: timeMs * 1e6,
  };
}

/** A resync's announcement silences the late original for this long, milliseconds. */
const LATE_MS = 10_000;
/** Announcements remembered while a resync is under way. */
const MAX_STREAMED = 10_000;

/**
 * Keeps a resync and the replayed event stream from announcing the same news twice, whichever comes first.
 */
export class AnnouncedNews {
  #resyncs = 0;
  /** Announced from the stream while a resync was under way. */
  readonly #streamed = new Set<string>();
  /** Announced by a resync, and when. */
  readonly #resynced = new Map<string, number>();
  /** When a resync announced something last. */
  #resyncedAt = -Infinity;

  /**
   * An event of the stream: is it still news?
   * @param nowMs the manager's clock
   * @param clockDeltaMs the manager's clock minus the engine's
   */
  fromStream(event: EngineEvent, nowMs: number, clockDeltaMs = 0): boolean {
    // None of those silences anything any more.
    if (this.#resynced.size > 0 && nowMs - this.#resyncedAt >= LATE_MS) this.#resynced.clear();
    if (this.#resynced.size === 0 && this.#resyncs === 0) return true;
    const key = newsKey(event);
    const announcedAt = this.#resynced.get(key);
    if (announcedAt !== undefined) {
      this.#resynced.delete(key);
      if (nowMs - announcedAt < LATE_MS && eventMs(event) + clockDeltaMs <= announcedAt) return false;
    }
    if (this.#resyncs > 0 && this.#streamed.size < MAX_STREAMED) this.#streamed.add(key);
    return true;
  }

  /** A resync begins; call the answer when it ends. */
  resyncStarts(nowMs: number): () => void {
    this.#resyncs++;
    for (const [key, at] of this.#resynced) if (nowMs - at >= LATE_MS) this.#resynced.delete(key);
    return () => {
      if (--this.#resyncs === 0) this.#streamed.clear();
    };
  }

  /** Something a resync found: is it news? */
  fromResync(event: EngineEvent, nowMs: number): boolean {
    const key = newsKey(event);
    if (this.#streamed.has(key)) return false;
    this.#resynced.set(key, nowMs);
    this.#resyncedAt = nowMs;
    return true;
  }
}

const newsKey = (event: EngineEvent): string =>
  `${event.Action ?? event.status ?? ""} ${event.Actor?.ID ?? event.id ?? ""}`;

/** By the engine's clock, Unix milliseconds. */
const eventMs = ({ time = 0, timeNano }: EngineEvent): number =>
  timeNano === undefined ? time * 1_000 : Number(timeNano) / 1e6;
