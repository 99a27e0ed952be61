/** Something that must never be, and how it is known. */
export interface Violation {
  /** Which invariant, as docs/chaos.md numbers and names them. */
  readonly invariant: "one primary" | "copies" | "removals" | "volumes" | "creates" | "names" | "managers";
  readonly what: string;
  /** Observations that prove it, one a line. */
  readonly evidence: readonly string[];
}

/** A time of day in a report, to the millisecond. */
export function clock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 23);
}
