import { fateOf } from "../clients/history.ts";
import type { Operation } from "../clients/history.ts";
import type { Intent } from "../clients/intent.ts";
import type { Copy } from "./observations.ts";
import { clock } from "./violation.ts";
import type { Violation } from "./violation.ts";

/** What one manager lists, by token. */
export interface Listing {
  readonly manager: string;
  readonly tokens: ReadonlySet<string>;
}

/** Creates that were answered with 201 and are missing in a manager's list. */
export function invisibleCreates(
  intents: Iterable<Intent>,
  listings: readonly Listing[],
): readonly Violation[] {
  return [...intents]
    .filter(({ acknowledged, states }) => acknowledged && !states.has("absent"))
    .flatMap(({ token, names }) =>
      listings
        .filter(({ tokens }) => !tokens.has(token))
        .map(({ manager }) => ({
          invariant: "creates" as const,
          what: `${token} was created and ${manager} does not list it`,
          evidence: [`called ${[...names].join(" or ")}`],
        })),
    );
}

/** Creates that were refused for good and left a container behind. */
export function leftovers(operations: readonly Operation[], copies: readonly Copy[]): readonly Violation[] {
  const refused = operations.filter(
    (operation) => operation.action === "create" && fateOf(operation) === "refused",
  );
  return refused.flatMap(({ token, manager, end }) =>
    copies
      .filter((copy) => copy.token === token)
      .map(({ engine, id, name, status }) => ({
        invariant: "creates" as const,
        what: `${token} was refused and is there`,
        evidence: [
          `${clock(end?.atMs ?? 0)} ${manager} answered ${JSON.stringify(end?.outcome)}`,
          `${engine}: ${id.slice(0, 12)} ${name}, ${status}`,
        ],
      })),
  );
}
