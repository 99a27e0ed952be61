import { clip } from "../src/scheduler/clip.ts";
import type { CandidateContainer, Filter, SchedulingRules } from "../src/scheduler/types.ts";
import { formatExpression, formatWithSoftness } from "./expression.ts";
import { prepareExpressions } from "./expression-check.ts";
import type { AnyText } from "./expression-check.ts";
import { repositoryOf, shortId } from "./image-reference.ts";
import type { Pattern } from "./pattern.ts";

/** Keeps engines by the containers and images they already have (spec: scheduling.md §6.3). */
export const affinityFilter: Filter = {
  name: "affinity",
  prepare: ({ affinities }, options) =>
    prepareExpressions(affinities, options, {
      name: "affinity",
      format: formatWithSoftness,
      textsFor: (key) => textsFor(key, options.rules),
      explain: (expression) => {
        const what = expression.key === "image" ? "image" : "container";
        const found = expression.operator === "==" ? `no ${what} matches` : `one ${what} is against`;
        return `${found} ${clip(formatExpression(expression))}`;
      },
    }),
};

function textsFor(key: string, { modern }: SchedulingRules): AnyText {
  if (key === "container") return containerTexts(modern);
  if (key === "image") return imageTexts(modern);
  return labelTexts(key);
}

const containerTexts =
  (modern: boolean): AnyText =>
  ({ containers, name: node }, pattern) => {
    for (const container of containers) {
      const [name] = container.names;
      if (name === undefined) continue;
      if (pattern.matches(name) || (!container.pending && idMatches(container, pattern, modern))) return true;
      if (pattern.hasSlash && slashedNameMatches(container, node, pattern)) return true;
    }
    return false;
  };

function idMatches({ id, swarmId }: CandidateContainer, pattern: Pattern, modern: boolean): boolean {
  if (pattern.matches(id) || (swarmId !== "" && pattern.matches(swarmId))) return true;
  return modern && (pattern.matches(shortId(id)) || (swarmId !== "" && pattern.matches(shortId(swarmId))));
}

/**
 * `node/name` and link aliases (`l2/al`) are asked only for a value with a slash: else `container!=*web*` would refuse every engine
 * whose own name holds `web` (B6).
 */
function slashedNameMatches({ names }: CandidateContainer, node: string, pattern: Pattern): boolean {
  return names.some(
    (name, index) => (index > 0 && pattern.matches(name)) || pattern.matches(`${node}/${name}`),
  );
}

const imageTexts =
  (modern: boolean): AnyText =>
  ({ images }, pattern) => {
    for (const { id, repoTags, repoDigests } of images) {
      if (pattern.matches(id)) return true;
      for (const tag of repoTags) if (pattern.matches(tag) || pattern.matches(repositoryOf(tag))) return true;
      if (modern && (pattern.matches(shortId(id)) || repoDigests.some((digest) => pattern.matches(digest)))) {
        return true;
      }
    }
    return false;
  };

const labelTexts =
  (key: string): AnyText =>
  ({ containers }, pattern) => {
    for (const { labels } of containers) {
      if (pattern.matches(Object.hasOwn(labels, key) ? (labels[key] ?? "") : "")) return true;
    }
    return false;
  };
