import { InvalidRequestError } from "./wire.ts";

/** The lists a request may carry, as labels and as env entries (spec: scheduling.md §3). */
const LISTS = [
  { list: "affinities", label: "com.docker.swarm.affinities", keyword: "affinity" },
  { list: "constraints", label: "com.docker.swarm.constraints", keyword: "constraint" },
  { list: "whitelists", label: "com.docker.swarm.whitelists", keyword: "whitelist" },
  { list: "reschedulePolicies", label: "com.docker.swarm.reschedule-policies", keyword: "reschedule" },
] as const;

/** How the first slides called the label of a reschedule policy. The original read it in pre-releases only; it counts where nothing else says a policy. */
const OLD_POLICY_LABEL = "com.docker.swarm.reschedule-policy";
const POLICIES_LABEL = "com.docker.swarm.reschedule-policies";

type ListName = (typeof LISTS)[number]["list"];

/** The longest label value we read, in UTF-16 units: far more than the filters accept (`MAX_LIST_LENGTH`). */
export const MAX_LABEL_LENGTH = 262_144;

/** What labels and env say, and what remains of them. */
export interface ExpressionSources {
  /** Label entries first, then env entries, unparsed. */
  readonly lists: Readonly<Record<ListName, readonly string[]>>;
  /** Without the entries that were expressions; order kept. */
  readonly env: readonly string[];
  /** With every non-empty list written back. */
  readonly labels: Readonly<Record<string, string>>;
  /** One per label that could not be read (B10). */
  readonly warnings: readonly string[];
}

/**
 * Takes the expressions out of a request.
 * @throws InvalidRequestError 400 `invalid label …` when a label is too long, or malformed and `strictLabels`
 */
export function readExpressionSources(
  givenLabels: Readonly<Record<string, string>>,
  givenEnv: readonly string[],
  strictLabels: boolean,
): ExpressionSources {
  const warnings: string[] = [];
  const fromEnv = new Map<string, string[]>(LISTS.map(({ keyword }) => [keyword, []]));
  const env = givenEnv.filter((entry) => {
    const colon = entry.indexOf(":");
    const found = colon < 0 ? undefined : fromEnv.get(entry.slice(0, colon));
    found?.push(entry.slice(colon + 1));
    return found === undefined;
  });
  const labels: Record<string, string> = { ...givenLabels };
  const lists: Record<ListName, readonly string[]> = {
    affinities: [],
    constraints: [],
    whitelists: [],
    reschedulePolicies: [],
  };
  for (const { list, label, keyword } of LISTS) {
    const text = Object.hasOwn(givenLabels, label) ? (givenLabels[label] ?? "") : "[]";
    if (text.length > MAX_LABEL_LENGTH) {
      throw new InvalidRequestError(
        400,
        `invalid label ${label}: longer than ${MAX_LABEL_LENGTH} characters`,
      );
    }
    const fromLabel = parseLabel(text);
    if (fromLabel === undefined) {
      if (strictLabels) throw new InvalidRequestError(400, `invalid label ${label}: ${MALFORMED}`);
      warnings.push(`label ${label} was ignored: ${MALFORMED}`);
    }
    const merged = [...(fromLabel ?? []), ...(fromEnv.get(keyword) ?? [])];
    lists[list] = merged;
    if (merged.length > 0) labels[label] = JSON.stringify(merged);
  }
  if (lists.reschedulePolicies.length === 0 && Object.hasOwn(givenLabels, OLD_POLICY_LABEL)) {
    const policies = oldPolicies(givenLabels[OLD_POLICY_LABEL] ?? "");
    if (policies !== undefined) {
      lists.reschedulePolicies = policies;
      labels[POLICIES_LABEL] = JSON.stringify(policies);
    } else if (strictLabels) {
      throw new InvalidRequestError(400, `invalid label ${OLD_POLICY_LABEL}: ${NO_POLICY}`);
    } else warnings.push(`label ${OLD_POLICY_LABEL} was ignored: ${NO_POLICY}`);
  }
  return { lists, env, labels, warnings };
}

const NO_POLICY = "its value is neither on-node-failure nor off";

/** The policy by itself, or alone in a JSON array; anything else the original would pass over, and so must not fail. */
function oldPolicies(text: string): readonly string[] | undefined {
  const list = parseLabel(text.slice(0, MAX_LABEL_LENGTH)) ?? [text];
  const [policy = "", ...others] = list;
  return others.length === 0 && ["on-node-failure", "off"].includes(policy) ? list : undefined;
}

const MALFORMED = "its value is not a JSON array of strings";

/** `undefined`: malformed. */
function parseLabel(text: string): readonly string[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (value === null) return [];
  return Array.isArray(value) && value.every((entry) => typeof entry === "string") ? value : undefined;
}
