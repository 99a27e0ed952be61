import { globTest } from "./glob.ts";
import type { Client } from "./client.ts";

/** The roles a policy may give, from nothing to everything; `own` is beside that order, and so is `manager`: it speaks for others. */
export const ROLES = ["none", "read-only", "operator", "own", "manager", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** A label that makes things somebody's own. */
export interface OwnLabel {
  readonly key: string;
  readonly value: string;
}

/** What a client got. */
export type Grant =
  { readonly role: Exclude<Role, "own"> } | { readonly role: "own"; readonly label: OwnLabel };

/** One rule of the policy: the patterns that are there must all fit. */
export interface Rule {
  readonly cn: string | undefined;
  readonly ou: string | undefined;
  readonly grant: Grant;
}

/** Who has which role (docs/authorization.md): the first rule that fits counts. */
export class Policy {
  readonly #rules: readonly { readonly fits: (client: Client) => boolean; readonly grant: Grant }[];
  readonly #otherwise: Grant;

  /** @param otherwise for clients with a certificate that no rule fits */
  constructor(rules: readonly Rule[], otherwise: Grant) {
    this.#rules = rules.map(({ cn, ou, grant }) => ({ fits: clientTest(cn, ou), grant }));
    this.#otherwise = otherwise;
  }

  get ruleCount(): number {
    return this.#rules.length;
  }

  /** Is there a rule for other managers? */
  get knowsManagers(): boolean {
    return this.#rules.some(({ grant }) => grant.role === "manager");
  }

  /** @param client undefined for one without a verified certificate: it has no role, whatever the policy says */
  grantFor(client: Client | undefined): Grant {
    if (client === undefined) return { role: "none" };
    return this.#rules.find(({ fits }) => fits(client))?.grant ?? this.#otherwise;
  }
}

function clientTest(cn: string | undefined, ou: string | undefined): (client: Client) => boolean {
  const isName = cn === undefined ? undefined : globTest(cn);
  const isUnit = ou === undefined ? undefined : globTest(ou);
  return (client) =>
    (isName === undefined || (client.cn !== undefined && isName(client.cn))) &&
    (isUnit === undefined || client.units.some(isUnit));
}
