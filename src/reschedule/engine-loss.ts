/**
 * What has become of an engine that a wanted container was last on (spec: node-lifecycle.md §8). Pure: what is known of it comes in, a verdict goes
 * out; `engine-watch.ts` looks and remembers.
 */

/** Where an engine was, and who it was. */
export interface Place {
  /** The engine's own ID. */
  readonly engineId: string;
  /** `host:port` */
  readonly addr: string;
}

/** One address of the cluster, as far as this matters. */
export interface Seen {
  readonly addr: string;
  /** `""`: it has not said yet. */
  readonly engineId: string;
  readonly state: "Pending" | "Healthy" | "Unhealthy";
  /** Why it is not healthy; `""`: nothing to say. */
  readonly error: string;
}

/** What a look at an address found, without counting on the health check. */
export type Look =
  /** Nobody is there, or does not say a word. */
  | { readonly kind: "silent"; readonly why: string }
  /** A Docker engine. `engineId` is `""` when it does not say who it is. */
  | { readonly kind: "answers"; readonly engineId: string }
  /** Somebody is there but will not talk to us, or we cannot tell: containers may well run there. */
  | { readonly kind: "refuses"; readonly why: string };

/** Looks at one address, newest last; forgotten when it is healthy. Times are Unix milliseconds. */
export interface Looks {
  readonly last: Look;
  /** Silent ones in a row. */
  readonly silent: number;
  /** When the first of those was. */
  readonly silentSinceMs: number;
}

export interface Evidence {
  /** All addresses of the cluster with this engine ID. */
  readonly namesakes: readonly Seen[];
  /** Who is at the place's address; undefined: it is not in the cluster (any more). */
  readonly atAddress: Seen | undefined;
  /** Undefined: nobody has looked yet. */
  readonly looks: Looks | undefined;
  /** Since when it is not healthy, as far as we know. */
  readonly awaySinceMs: number;
  /** Whether it was lost at the last judgement: then one silent look suffices. */
  readonly wasLost: boolean;
  /** For how long its containers have stayed with a node that discovery does not list, milliseconds; undefined: for ever. */
  readonly removedMs: number | undefined;
  /** Silent looks before silence counts. */
  readonly looksNeeded: number;
  /** How long silence must last before it counts, milliseconds. */
  readonly settleMs: number;
  readonly nowMs: number;
}

export type EngineFate =
  | { readonly kind: "alive" }
  | { readonly kind: "lost"; readonly sinceMs: number; readonly why: string }
  /** Nobody can say yet. */
  | { readonly kind: "unknown"; readonly why: string }
  /** Something outside must change. */
  | { readonly kind: "held"; readonly why: string };

/** How long silence of an address must last before it counts, at least, milliseconds. */
export const LEAST_SETTLE_MS = 5_000;

export function engineFate(place: Place, evidence: Evidence): EngineFate {
  const { namesakes, atAddress, awaySinceMs } = evidence;
  const itself = namesakes.find(({ addr }) => addr === place.addr);
  if (itself?.state === "Healthy") return { kind: "alive" };
  // Its own health check found it dead; a probe would say no more.
  if (itself?.state === "Unhealthy") return { kind: "lost", sinceMs: awaySinceMs, why: itself.error };
  const elsewhere = namesakes.filter(({ addr }) => addr !== place.addr);
  if (elsewhere.some(({ state }) => state === "Healthy")) return { kind: "alive" };
  const moved = elsewhere.find(({ state }) => state === "Unhealthy");
  if (moved !== undefined) return { kind: "lost", sinceMs: awaySinceMs, why: moved.error };
  const waiting = elsewhere.find(({ state }) => state === "Pending");
  if (waiting !== undefined && itself === undefined) {
    return { kind: "held", why: `it answers at ${waiting.addr} but cannot be used: ${waiting.error}` };
  }
  if (atAddress !== undefined && atAddress.state !== "Pending" && atAddress.engineId !== place.engineId) {
    return { kind: "lost", sinceMs: awaySinceMs, why: replaced(place.addr, atAddress.engineId) };
  }
  return atAddress === undefined ? removedFate(place, evidence) : pendingFate(place, evidence, atAddress);
}

/** In the cluster's list, but never validated, or not any more. */
function pendingFate(place: Place, evidence: Evidence, seen: Seen): EngineFate {
  const { looks } = evidence;
  switch (looks?.last.kind) {
    case undefined:
      return unseenFate(evidence, "it is being connected to");
    case "silent":
      return silentFate(evidence, looks, looks.last.why);
    case "refuses":
      return { kind: "held", why: `it answers, but not to us: ${looks.last.why}` };
    case "answers": {
      const { engineId } = looks.last;
      if (seen.error === "") return { kind: "unknown", why: "it is being connected to" };
      const who = engineId === "" || engineId === place.engineId ? "it" : `engine ${engineId} at its address`;
      return { kind: "held", why: `${who} answers, but cannot be used: ${seen.error}` };
    }
  }
}

/** Not in the cluster's list: its registration may have expired while it is as well as ever (node-lifecycle.md §7.4 #8). */
function removedFate(place: Place, evidence: Evidence): EngineFate {
  const { looks, awaySinceMs, removedMs, nowMs } = evidence;
  switch (looks?.last.kind) {
    case undefined:
      return unseenFate(evidence, "it is not in discovery any more");
    case "silent":
      return silentFate(evidence, looks, looks.last.why);
    case "answers":
    case "refuses": {
      const { last } = looks;
      if (last.kind === "answers" && last.engineId !== "" && last.engineId !== place.engineId) {
        return { kind: "lost", sinceMs: awaySinceMs, why: replaced(place.addr, last.engineId) };
      }
      const why =
        last.kind === "answers"
          ? "it is not in discovery any more, but answers"
          : `it is not in discovery any more, and something answers there, but not to us: ${last.why}`;
      if (removedMs !== undefined && nowMs - awaySinceMs >= removedMs) {
        return { kind: "lost", sinceMs: awaySinceMs, why };
      }
      return { kind: "held", why };
    }
  }
}

/** Nobody has looked yet: what was lost stays so. */
function unseenFate({ wasLost, awaySinceMs }: Evidence, why: string): EngineFate {
  return wasLost ? { kind: "lost", sinceMs: awaySinceMs, why } : { kind: "unknown", why };
}

function silentFate(evidence: Evidence, looks: Looks, why: string): EngineFate {
  const { looksNeeded, settleMs, wasLost, awaySinceMs, nowMs } = evidence;
  const settled = looks.silent >= looksNeeded && nowMs - looks.silentSinceMs >= settleMs;
  if (wasLost || settled) return { kind: "lost", sinceMs: awaySinceMs, why };
  return { kind: "unknown", why: `it does not answer: ${why}` };
}

const replaced = (addr: string, engineId: string): string => `another engine is at ${addr} now: ${engineId}`;
