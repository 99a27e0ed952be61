import { clip } from "../src/scheduler/clip.ts";
import type {
  CandidateContainer,
  CandidateImage,
  Dimension,
  Filter,
  SchedulingRules,
} from "../src/scheduler/types.ts";
import { formatExpression, formatWithSoftness } from "./expression.ts";
import { prepareExpressions } from "./expression-check.ts";
import { repositoryOf, shortId } from "./image-reference.ts";
import { itemTerm } from "./item-term.ts";

/** Keeps engines by the containers and images they already have (spec: scheduling.md §6.3). */
export const affinityFilter: Filter = {
  name: "affinity",
  prepare: ({ affinities }, options) =>
    prepareExpressions(affinities, options, {
      name: "affinity",
      format: formatWithSoftness,
      term: ({ key, operator }, pattern) =>
        itemTerm(dimensionOf(key, pattern.hasSlash, options.rules), pattern, operator === "=="),
      explain: (expression) => {
        const what = expression.key === "image" ? "image" : "container";
        const found = expression.operator === "==" ? `no ${what} matches` : `one ${what} is against`;
        return `${found} ${clip(formatExpression(expression))}`;
      },
    }),
};

type Test = (text: string) => boolean;

function dimensionOf(key: string, slashed: boolean, { modern }: SchedulingRules): Dimension {
  if (key === "container")
    return (modern ? CONTAINERS.modern : CONTAINERS.classic)[slashed ? "slashed" : "plain"];
  if (key === "image") return modern ? IMAGES.modern : IMAGES.classic;
  return labelDimension(key);
}

function containerDimension(name: string, modern: boolean, slashed: boolean): Dimension<"containers"> {
  return {
    name,
    of: "containers",
    someText: (container, node, test) => {
      const [own] = container.names;
      if (own === undefined) return false;
      if (test(own) || (!container.pending && someId(container, test, modern))) return true;
      return slashed && someSlashedName(container, node, test);
    },
  };
}

const CONTAINERS = {
  classic: {
    plain: containerDimension("container", false, false),
    slashed: containerDimension("container/", false, true),
  },
  modern: {
    plain: containerDimension("container modern", true, false),
    slashed: containerDimension("container/ modern", true, true),
  },
};

function someId({ id, swarmId }: CandidateContainer, test: Test, modern: boolean): boolean {
  if (test(id) || (swarmId !== "" && test(swarmId))) return true;
  return modern && (test(shortId(id)) || (swarmId !== "" && test(shortId(swarmId))));
}

/**
 * `node/name` and link aliases (`l2/al`) are asked only for a value with a slash: else `container!=*web*` would refuse every engine
 * whose own name holds `web` (B6).
 */
const someSlashedName = ({ names }: CandidateContainer, node: string, test: Test): boolean =>
  names.some((name, index) => (index > 0 && test(name)) || test(`${node}/${name}`));

const imageDimension = (name: string, modern: boolean): Dimension<"images"> => ({
  name,
  of: "images",
  someText: (image, _, test) => someImageText(image, test, modern),
});

const IMAGES = { classic: imageDimension("image", false), modern: imageDimension("image modern", true) };

function someImageText({ id, repoTags, repoDigests }: CandidateImage, test: Test, modern: boolean): boolean {
  if (test(id)) return true;
  for (const tag of repoTags) if (test(tag) || test(repositoryOf(tag))) return true;
  return modern && (test(shortId(id)) || repoDigests.some(test));
}

const labelDimension = (key: string): Dimension<"containers"> => ({
  name: `label ${key}`,
  of: "containers",
  someText: ({ labels }, _, test) => test(Object.hasOwn(labels, key) ? (labels[key] ?? "") : ""),
});
