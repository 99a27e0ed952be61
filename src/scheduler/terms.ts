import type { Admission, Candidate, Term } from "./types.ts";

/** An admission that is nothing but its terms. */
export const allOf = (terms: readonly Term[]): Required<Admission> => ({
  terms,
  admits: (candidate: Candidate) => terms.every((term) => term.admits(candidate)),
});
