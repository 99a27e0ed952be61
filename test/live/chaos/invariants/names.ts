import type { Operation } from "../clients/history.ts";
import type { Copy } from "./observations.ts";
import { clock } from "./violation.ts";
import type { Violation } from "./violation.ts";

/** Names that more than one container has when all is quiet, of whatever engine. */
export function sharedNames(copies: readonly Copy[]): readonly Violation[] {
  const byName = new Map<string, Copy[]>();
  for (const copy of copies) byName.set(copy.name, [...(byName.get(copy.name) ?? []), copy]);
  return [...byName]
    .filter(([, own]) => own.length > 1)
    .map(([name, own]) => ({
      invariant: "names" as const,
      what: `${String(own.length)} containers are called ${name}`,
      evidence: own.map(
        ({ engine, id, status, token = "?" }) => `${engine}: ${id.slice(0, 12)} ${token}, ${status}`,
      ),
    }));
}

/** What a name means to one manager: an ID, or `""`. */
export interface Resolution {
  readonly manager: string;
  readonly name: string;
  readonly id: string;
}

/** Names that mean different containers to different managers, or none to some, or something else than what is there. */
export function ambiguousNames(
  resolutions: readonly Resolution[],
  copies: readonly Copy[],
): readonly Violation[] {
  return [...new Set(resolutions.map(({ name }) => name))].flatMap((name) => {
    const own = resolutions.filter((resolution) => resolution.name === name);
    const real = copies.find((copy) => copy.name === name)?.id ?? "";
    if (own.every(({ id }) => id === real)) return [];
    return [
      {
        invariant: "names" as const,
        what: `${name} does not mean one container to all`,
        evidence: [
          `engines: ${real.slice(0, 12) || "none"}`,
          ...own.map(({ manager, id }) => `${manager}: ${id.slice(0, 12) || "none"}`),
        ],
      },
    ];
  });
}

interface Tenure {
  readonly token: string;
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Two creates of one name that were both answered with 201, though the first container was still there: between the answer to its create and the
 * moment its client first asked to remove or rename it.
 */
export function doubleBookings(operations: ReadonlyMap<string, readonly Operation[]>): readonly Violation[] {
  const tenures: Tenure[] = [...operations].flatMap(([token, own]) => {
    const made = own.find(
      ({ action, end }) =>
        (action === "create" || action === "run") &&
        end?.outcome.kind === "answered" &&
        end.outcome.status < 400,
    );
    if (made?.end === undefined) return [];
    const given = own.find(({ action }) => action === "remove" || action === "rename");
    return [{ token, name: made.name, fromMs: made.end.atMs, toMs: given?.beganMs ?? Infinity }];
  });
  return tenures.flatMap((tenure, index) =>
    tenures
      .slice(index + 1)
      .filter(
        (other) => other.name === tenure.name && other.fromMs < tenure.toMs && tenure.fromMs < other.toMs,
      )
      .map((other) => ({
        invariant: "names" as const,
        what: `${tenure.name} was given to ${tenure.token} and to ${other.token}`,
        evidence: [tenure, other].map(
          ({ token, fromMs, toMs }) =>
            `${token}: from ${clock(fromMs)} to ${toMs === Infinity ? "now" : clock(toMs)}`,
        ),
      })),
  );
}
