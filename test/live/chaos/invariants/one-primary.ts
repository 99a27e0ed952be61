import type { Act, KeySample, LateTime, RoleSample } from "./observations.ts";
import { clock } from "./violation.ts";
import type { Violation } from "./violation.ts";

/** Longer than a packet takes, milliseconds: what a manager sends before it loses its lease may arrive after. */
const graceMs = 1500;
/** So long TCP goes on trying to deliver what was sent while the network was broken, milliseconds. */
const retriesMs = 60_000;

/**
 * Two managers that both were primary at one time, by their own words: a manager that says so twice with one term was it all the time between.
 * A manager that stood still in between has to notice before it answers.
 */
export function twoPrimaries(samples: readonly RoleSample[]): readonly Violation[] {
  const reigns = samples
    .filter(({ term }) => term !== undefined)
    .flatMap((sample) => {
      const next = samples.find(
        ({ manager, askedMs }) => manager === sample.manager && askedMs >= sample.answeredMs,
      );
      if (next === undefined || next.term !== sample.term) return [];
      return [{ manager: sample.manager, term: sample.term, fromMs: sample.answeredMs, toMs: next.askedMs }];
    });
  return reigns.flatMap((reign, index) =>
    reigns
      .slice(index + 1)
      .filter(
        ({ manager, fromMs, toMs }) =>
          manager !== reign.manager && fromMs < reign.toMs && reign.fromMs < toMs,
      )
      .slice(0, 1)
      .map((other) => ({
        invariant: "one primary" as const,
        what: `${reign.manager} and ${other.manager} both said they were primary`,
        evidence: [reign, other].map(
          ({ manager, term, fromMs, toMs }) =>
            `${manager}: term ${String(term)} from ${clock(fromMs)} to ${clock(toMs)}`,
        ),
      })),
  );
}

/** How often the key is looked at at least, and how long a lease lasts. */
export interface Lease {
  readonly ttlMs: number;
}

/**
 * Requests that made or removed a container and came from a manager which did not hold the leader's key at any time in the moments before. While the
 * store did not answer, who held it last may act for as long as a lease lasts.
 */
export function actsWithoutLease(
  acts: readonly Act[],
  key: readonly KeySample[],
  late: readonly LateTime[],
  { ttlMs }: Lease,
): readonly Violation[] {
  return acts
    .filter((act) => !mayHaveHeld(key, act.manager, since(act, late), act.atMs, ttlMs))
    .map((act) => ({
      invariant: "one primary" as const,
      what: `${act.manager} acted without holding the lease`,
      evidence: [
        `${clock(act.atMs)} ${act.manager} to ${act.engine}: ${act.line}`,
        ...key
          .filter(({ answeredMs }) => Math.abs(answeredMs - act.atMs) < 3000)
          .filter((sample, index, near) => index === 0 || say(sample) !== say(near[index - 1]!))
          .map((sample) => `${clock(sample.answeredMs)} leader's key: ${say(sample)}`),
      ],
    }));
}

function say({ found }: KeySample): string {
  if (found === undefined) return "the store does not answer";
  return found === "nobody" ? "nobody" : found.holder;
}

/** From when on the request may have been on its way. */
function since({ atMs, engine, manager }: Act, late: readonly LateTime[]): number {
  const times = late.filter(
    (time) =>
      time.engine === engine &&
      (time.manager === undefined || time.manager === manager) &&
      time.fromMs < atMs &&
      time.toMs > atMs - retriesMs,
  );
  return Math.min(atMs, ...times.map(({ fromMs }) => fromMs)) - graceMs;
}

function mayHaveHeld(
  key: readonly KeySample[],
  manager: string,
  fromMs: number,
  toMs: number,
  ttlMs: number,
): boolean {
  const before = key.findLastIndex(({ answeredMs }) => answeredMs <= fromMs);
  const after = key.findIndex(({ askedMs }) => askedMs >= toMs);
  const during = key.slice(Math.max(before, 0), after === -1 ? undefined : after + 1);
  // Nobody looked early or late enough: nothing is proven.
  if (before === -1 || after === -1) return true;
  return during.some((sample, index) => {
    if (sample.found === "nobody") return false;
    if (sample.found !== undefined) return sample.found.holder === manager;
    const last = key.slice(0, before + index).findLast(({ found }) => found !== undefined);
    if (last?.found === undefined || last.found === "nobody" || last.found.holder !== manager) return false;
    return sample.askedMs <= last.answeredMs + ttlMs + graceMs;
  });
}
