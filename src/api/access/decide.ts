import type { Grant } from "./policy.ts";
import { ESCALATIONS, RIGHTS, ROLE_RIGHTS, type Narrowing, type Right } from "./rights.ts";

/** `right`: what the request needs; of a route that is not in the table, `admin`. */
export type Decision =
  | { readonly kind: "allowed"; readonly right: Right }
  | { readonly kind: "narrowed"; readonly right: Right; readonly to: Exclude<Narrowing, "no" | "as-is"> }
  | { readonly kind: "denied"; readonly right: Right };

/**
 * May this role do that? Pure: the table, and nothing else, says it.
 * @param route method and path as in the route tables: `GET /containers/*name/json`
 */
export function decide(grant: Grant, route: string, query: URLSearchParams): Decision {
  const row = Object.hasOwn(RIGHTS, route) ? RIGHTS[route] : undefined;
  if (row === undefined) return { kind: grant.role === "admin" ? "allowed" : "denied", right: "admin" };
  const [usual, own] = row;
  const more = Object.hasOwn(ESCALATIONS, route) ? ESCALATIONS[route]?.(query) : undefined;
  const right = more ?? usual;
  if (grant.role !== "own") return { kind: ROLE_RIGHTS[grant.role].has(right) ? "allowed" : "denied", right };
  if (own === "no" || more !== undefined) return { kind: "denied", right };
  return own === "as-is" ? { kind: "allowed", right } : { kind: "narrowed", right, to: own };
}
