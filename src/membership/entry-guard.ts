import type { EngineAddress } from "../../discovery/types.ts";

/** An entry that is not listed any more, but whose engine answers. */
export interface Held {
  readonly entry: EngineAddress;
  /** When it goes at the latest; time in which the source fails is added later. */
  readonly untilMs: number;
  /** Nothing speaks for a fault of the source: it only gets {@link GuardRules.graceMs}, which is not worth a warning. */
  readonly isGrace: boolean;
}

/** What the guard knows; begins as {@link nothingListed}. */
export interface GuardState {
  /** The engines of the cluster: those listed, in the source's order, then those held. */
  readonly entries: readonly EngineAddress[];
  readonly held: readonly Held[];
  /** Since when the source cannot be read; undefined: it could last time. */
  readonly failingSinceMs: number | undefined;
  /** Until then nothing more is believed to be gone whose engine answers; 0: no reason for doubt. */
  readonly doubtUntilMs: number;
  /** What was let go without a doubt during the last {@link GuardRules.burstMs}. */
  readonly removed: readonly { readonly entry: EngineAddress; readonly atMs: number }[];
}

export const nothingListed: GuardState = {
  entries: [],
  held: [],
  failingSinceMs: undefined,
  doubtUntilMs: 0,
  removed: [],
};

export type GuardEvent =
  | { readonly kind: "listed"; readonly entries: readonly EngineAddress[] }
  /** The source could not be read. */
  | { readonly kind: "failed" }
  /** Time has passed. */
  | { readonly kind: "reviewed" };

export interface GuardRules {
  /** Whether entries keep themselves alive, and may vanish because of the source. What people edit is always believed. */
  readonly isKeptAlive: boolean;
  /** How long doubt lasts after the source failed, in milliseconds: time for every agent to register again. */
  readonly holdMs: number;
  /**
   * How long an entry may be away without its engine leaving, if that answers, in milliseconds: a store that stood still for a while ends entries
   * whose agents live, and those write them again at once.
   */
  readonly graceMs: number;
  /** Removals within this time count as one. */
  readonly burstMs: number;
}

/** What the guard is told with each event: the time, and whether the engine of an entry answers. */
export interface Circumstances {
  /** Of a clock that never jumps. */
  readonly nowMs: number;
  readonly isAlive: (entry: EngineAddress) => boolean;
}

/**
 * Decides which engines belong to the cluster, given what a source says (spec: discovery.md §8.1). A pure transition.
 *
 * - While the source cannot be read, its last word counts.
 * - What it stops listing goes at once, as a rule. But after a failure, and when most entries vanish at the same time, the source itself may
 *   have lost them: then entries whose engines answer are held until they are listed again, their engine stops answering, or `holdMs` is over, each by itself: other
 *   failures and losses meanwhile do not keep them longer.
 */
export function nextGuard(
  state: GuardState,
  event: GuardEvent,
  rules: GuardRules,
  now: Circumstances,
): GuardState {
  switch (event.kind) {
    case "failed":
      return { ...state, failingSinceMs: state.failingSinceMs ?? now.nowMs };
    case "listed":
      return rules.isKeptAlive
        ? whenListed(state, event.entries, rules, now)
        : { ...nothingListed, entries: event.entries };
    case "reviewed":
      return whenReviewed(state, now);
  }
}

function whenListed(
  state: GuardState,
  entries: readonly EngineAddress[],
  { holdMs, graceMs, burstMs }: GuardRules,
  { nowMs, isAlive }: Circumstances,
): GuardState {
  const isListed = within(entries);
  const missing = state.entries.filter((entry) => !isListed(entry));
  const heldBefore = new Map(state.held.map((each) => [keyOf(each.entry), each]));
  const fresh = missing.filter((entry) => !heldBefore.has(keyOf(entry)));
  const lately = state.removed.filter(({ entry, atMs }) => nowMs - atMs < burstMs && !isListed(entry));

  const { failingSinceMs } = state;
  const failedMs = failingSinceMs === undefined ? 0 : nowMs - failingSinceMs;
  const before = state.entries.length - state.held.length + lately.length;
  const isMass = fresh.length > 0 && isMost(fresh.length + lately.length, before);
  const isDoubtful = failingSinceMs !== undefined || isMass;
  const doubtUntilMs = isDoubtful ? nowMs + holdMs : state.doubtUntilMs;
  const held = missing
    .map((entry) => {
      const known = heldBefore.get(keyOf(entry));
      if (known !== undefined && !(known.isGrace && isDoubtful))
        return { ...known, untilMs: known.untilMs + failedMs };
      const isGrace = nowMs >= doubtUntilMs;
      return { entry, untilMs: isGrace ? nowMs + graceMs : doubtUntilMs, isGrace };
    })
    .filter(({ entry, untilMs }) => nowMs < untilMs && isAlive(entry));
  const all = [...entries, ...held.map(({ entry }) => entry)];
  const known = { entries: all, held, failingSinceMs: undefined };
  if (nowMs < doubtUntilMs) return { ...known, doubtUntilMs, removed: lately };
  const removed = [...lately, ...fresh.map((entry) => ({ entry, atMs: nowMs }))];
  return { ...known, doubtUntilMs: 0, removed };
}

function whenReviewed(state: GuardState, { nowMs, isAlive }: Circumstances): GuardState {
  const countedMs = state.failingSinceMs ?? nowMs;
  const held = state.held.filter(({ entry, untilMs }) => countedMs < untilMs && isAlive(entry));
  if (held.length === state.held.length) return state;
  const staysHeld = within(held.map(({ entry }) => entry));
  const wasHeld = within(state.held.map(({ entry }) => entry));
  const entries = state.entries.filter((entry) => !wasHeld(entry) || staysHeld(entry));
  return { ...state, entries, held };
}

/** More than half of them and at least three, or all. */
function isMost(gone: number, of: number): boolean {
  return gone === of || (gone >= 3 && gone > of / 2);
}

/** Whether an entry is among these: engines are told apart by what is dialled. */
export function within(entries: readonly EngineAddress[]): (entry: EngineAddress) => boolean {
  const keys = new Set(entries.map(keyOf));
  return (entry) => keys.has(keyOf(entry));
}

function keyOf({ host, port }: EngineAddress): string {
  return `${host} ${port}`;
}
