import type { Intent, RunState } from "../clients/intent.ts";
import type { Copy } from "./observations.ts";
import type { Violation } from "./violation.ts";

/**
 * When all is quiet: every container that clients were told of has exactly one copy, under a name it was given, in a state its client may expect;
 * what was removed does not come back. A container without the policy may have ended with its engine.
 */
export function wrongCopies(intents: Iterable<Intent>, copies: readonly Copy[]): readonly Violation[] {
  const byToken = grouped(copies);
  return [...intents].flatMap((intent) => {
    const own = byToken.get(intent.token) ?? [];
    const problem = problemOf(intent, own);
    if (problem === undefined) return [];
    const { token, states, names, policy } = intent;
    return [
      {
        invariant: "copies" as const,
        what: `${token} ${problem}`,
        evidence: [
          `may be ${[...states].join(" or ")}, called ${[...names].join(" or ")}${policy ? ", with the policy" : ""}`,
          ...own.map(({ engine, id, name, status }) => `${engine}: ${id.slice(0, 12)} ${name}, ${status}`),
        ],
      },
    ];
  });
}

function problemOf({ states, names, policy }: Intent, copies: readonly Copy[]): string | undefined {
  if (copies.length === 0) return states.has("absent") ? undefined : "is lost";
  if (copies.length > 1) {
    const running = copies.filter((copy) => copy.running).length;
    return `has ${String(copies.length)} copies, ${String(running)} of them running`;
  }
  const [copy] = copies;
  if (copy === undefined) return undefined;
  const found: RunState = copy.running ? "running" : "stopped";
  if (!names.has(copy.name)) return `is called ${copy.name}`;
  if (states.has(found)) return undefined;
  if (states.size === 1 && states.has("absent")) return "was removed and is there";
  if (found === "running") return "was stopped and runs";
  return policy ? "does not run" : undefined;
}

function grouped(copies: readonly Copy[]): Map<string | undefined, Copy[]> {
  const groups = new Map<string | undefined, Copy[]>();
  for (const copy of copies) groups.set(copy.token, [...(groups.get(copy.token) ?? []), copy]);
  return groups;
}
