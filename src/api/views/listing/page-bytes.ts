import { randomUUID } from "node:crypto";
import { entryWithStatus } from "../container-list.ts";
import type { Ranked } from "../container-order.ts";
import { statusAt } from "../container-status.ts";
import type { ContainerView } from "../types.ts";
import { Draft } from "./draft.ts";

/** Stands for an entry's status while its place is looked for; nobody outside this process can write it. */
const STATUS_MARK = randomUUID();

/** One entry: where its status stands, and how long that is true. Lengths in bytes. */
interface Slot {
  readonly entry: Ranked;
  /** Whom it shows; the entry may have another container by now. */
  readonly container: ContainerView;
  readonly head: number;
  readonly status: number;
  /** Closing comma included. */
  readonly tail: number;
  readonly untilMs: number;
}

/** The JSON of a page's entries, each followed by a comma. Immutable, so that many answers may be on their way with it. */
export interface PageBytes {
  readonly bytes: Buffer;
  readonly slots: readonly Slot[];
  readonly madeAtMs: number;
  /** When the first status says something else. Unix milliseconds. */
  readonly untilMs: number;
}

/**
 * The JSON of these entries as of now. Of what is known only the statuses whose time is over are made anew; the rest is copied.
 * @param known earlier bytes, of these entries and others
 */
export function pageBytes(entries: readonly Ranked[], nowMs: number, known?: PageBytes): PageBytes {
  // A clock that was set back makes statuses true again that were not.
  const isPast = known !== undefined && nowMs < known.madeAtMs;
  if (known !== undefined && !isPast && holdsJust(known, entries)) {
    const same = withStatuses(known, nowMs);
    if (same !== undefined) return same;
  }
  const before = new KnownEntries(known);
  const slots: Slot[] = [];
  const out = new Draft(known?.bytes);
  let untilMs = Infinity;
  for (const entry of entries) {
    const old = before.find(entry);
    let slot: Slot;
    if (old === undefined) slot = writeEntry(out, entry, nowMs);
    else if (!isPast && nowMs < old.slot.untilMs) {
      slot = old.slot;
      out.copy(old.at, old.at + lengthOf(slot));
    } else slot = writeWithStatus(out, old, nowMs);
    slots.push(slot);
    if (slot.untilMs < untilMs) untilMs = slot.untilMs;
  }
  return { bytes: out.bytes(), slots, madeAtMs: nowMs, untilMs };
}

const holdsJust = ({ slots }: PageBytes, entries: readonly Ranked[]): boolean =>
  slots.length === entries.length && slots.every((slot, place) => shows(slot, entries[place]));

const shows = (slot: Slot, entry: Ranked | undefined): boolean =>
  slot.entry === entry && slot.container === entry.container;

/**
 * The same entries with the statuses of now, for the usual case: one number in a text is another. One copy of the whole is faster than many of its parts.
 * @returns `undefined` when a status is longer or shorter than it was
 */
function withStatuses(known: PageBytes, nowMs: number): PageBytes | undefined {
  const bytes = Buffer.allocUnsafeSlow(known.bytes.length);
  bytes.set(known.bytes);
  const slots = [...known.slots];
  let untilMs = Infinity;
  let at = 0;
  for (const [place, slot] of known.slots.entries()) {
    let ends = slot.untilMs;
    if (nowMs >= ends) {
      const status = statusAt(slot.container, nowMs);
      const text = inJson(status.text);
      if (Buffer.byteLength(text) !== slot.status) return undefined;
      bytes.write(text, at + slot.head);
      ends = status.untilMs;
      slots[place] = {
        entry: slot.entry,
        container: slot.container,
        head: slot.head,
        status: slot.status,
        tail: slot.tail,
        untilMs: ends,
      };
    }
    if (ends < untilMs) untilMs = ends;
    at += lengthOf(slot);
  }
  return { bytes, slots, madeAtMs: nowMs, untilMs };
}

interface Placed {
  readonly slot: Slot;
  /** Where it begins. */
  readonly at: number;
  readonly place: number;
}

/** Finds entries in earlier bytes; fast when asked for in their order, as mostly nothing or little has changed. */
class KnownEntries {
  readonly #slots: readonly Slot[];
  /** The one asked for next, if nothing changed. */
  #place = 0;
  #at = 0;
  #placed: ReadonlyMap<Ranked, Placed> | undefined;

  constructor(known: PageBytes | undefined) {
    this.#slots = known?.slots ?? [];
  }

  find(entry: Ranked): Placed | undefined {
    const next = this.#slots[this.#place];
    const found =
      next?.entry === entry
        ? { slot: next, at: this.#at, place: this.#place }
        : (this.#placed ??= placesOf(this.#slots)).get(entry);
    if (found === undefined) return undefined;
    this.#place = found.place + 1;
    this.#at = found.at + lengthOf(found.slot);
    return shows(found.slot, entry) ? found : undefined;
  }
}

const lengthOf = ({ head, status, tail }: Slot): number => head + status + tail;

function placesOf(slots: readonly Slot[]): ReadonlyMap<Ranked, Placed> {
  const places = new Map<Ranked, Placed>();
  let at = 0;
  slots.forEach((slot, place) => {
    places.set(slot.entry, { slot, at, place });
    at += lengthOf(slot);
  });
  return places;
}

function writeEntry(out: Draft, entry: Ranked, nowMs: number): Slot {
  const json = JSON.stringify(entryWithStatus(entry.container, STATUS_MARK));
  const at = json.indexOf(STATUS_MARK);
  const { text, untilMs } = statusAt(entry.container, nowMs);
  return {
    entry,
    container: entry.container,
    head: out.write(json.slice(0, at)),
    status: out.write(inJson(text)),
    tail: out.write(`${json.slice(at + STATUS_MARK.length)},`),
    untilMs,
  };
}

function writeWithStatus(out: Draft, { slot, at }: Placed, nowMs: number): Slot {
  const { text, untilMs } = statusAt(slot.container, nowMs);
  const statusAtByte = at + slot.head;
  const tailAt = statusAtByte + slot.status;
  out.copy(at, statusAtByte);
  const status = out.write(inJson(text));
  out.copy(tailAt, tailAt + slot.tail);
  return { ...slot, status, untilMs };
}

/** As it stands between the quotes. */
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
