import { formatExpression, parseExpression } from "../../filters/expression.ts";
import { clip } from "./clip.ts";
import { livesHere } from "../../filters/dependency.ts";
import { onNodesOf } from "./attempt-rules.ts";
import { FLAGS } from "./dependency-flags.ts";
import type { Field } from "./field.ts";
import { prepareFilter } from "./pipeline.ts";
import type { Pipeline } from "./pipeline.ts";
import { allOf } from "./terms.ts";
import type { Admission, Candidate, Dependency, FilterName, PlacementRequest } from "./types.ts";

/** Something that ties a container to certain nodes whatever else is free there. */
export interface Anchor {
  readonly kind: "container" | "network" | "expression";
  /** As the user wrote it: `--link=db:d`, `network backend`, `constraint:node==node-1`. */
  readonly text: string;
  /** The name to use in advice: `db`, `backend`, `constraint:node==node-1`. */
  readonly name: string;
  /** Where it can be met, in any state of health; may be none. In the order of the cluster. */
  readonly nodes: ReadonlySet<Candidate>;
}

/** So many of each kind are looked at: a request may hold thousands, and each is tried on every node. */
const MAX_OF_A_KIND = 20;

/** Containers a request needs beside it, and networks of single nodes. Filters that are switched off anchor nothing. */
export const thingAnchors = (
  pipeline: Pipeline,
  { dependencies, localNetworks }: PlacementRequest,
  field: Field,
): readonly Anchor[] => [
  ...(pipeline.filters.some(({ name }) => name === "dependency")
    ? dependencies.slice(0, MAX_OF_A_KIND).map((each) => containerAnchor(each, field))
    : []),
  ...localNetworks.slice(0, MAX_OF_A_KIND).map((network): Anchor => ({
    ...{ kind: "network", text: `network ${clip(network.name)}`, name: clip(network.name) },
    nodes: nodesOf(field, allOf([onNodesOf(network)])),
  })),
];

/** Hard expressions: the user's own anchors. */
export const expressionAnchors = (
  pipeline: Pipeline,
  request: PlacementRequest,
  field: Field,
): readonly Anchor[] => [
  ...anchorsOfList(pipeline, request, field, "constraint", "constraints"),
  ...anchorsOfList(pipeline, request, field, "affinity", "affinities"),
  ...anchorsOfList(pipeline, request, field, "whitelist", "whitelists"),
];

const nodesOf = (field: Field, by: Admission): ReadonlySet<Candidate> =>
  new Set(field.admitted(by).candidates());

function containerAnchor({ kind, raw, reference }: Dependency, field: Field): Anchor {
  const nodes = nodesOf(field, allOf([livesHere(reference)]));
  const [first] = nodes;
  const name = clip(nameOf(reference, first));
  // Compose names containers by their IDs, in which nobody recognises them.
  const text = `${FLAGS[kind]}=${raw}`;
  return {
    kind: "container",
    text: clip(name === reference ? text : text.replace(reference, name)),
    name,
    nodes,
  };
}

function nameOf(reference: string, on: Candidate | undefined): string {
  for (const { id, names } of on?.containers ?? []) {
    if (id !== "" && id === reference) return names[0] ?? id.slice(0, 12);
  }
  return reference;
}

function anchorsOfList(
  pipeline: Pipeline,
  request: PlacementRequest,
  field: Field,
  filterName: FilterName,
  list: "constraints" | "affinities" | "whitelists",
): readonly Anchor[] {
  const filter = pipeline.filters.find(({ name }) => name === filterName);
  if (filter === undefined) return [];
  return request[list].slice(0, MAX_OF_A_KIND).flatMap((text): Anchor[] => {
    const alone = prepareFilter(filter, { ...request, [list]: [text] }, new Set(), pipeline.rules);
    if (alone.kind === "syntax" || alone.check === undefined) return [];
    const expression = parseExpression(text, pipeline.rules);
    if (expression.soft) return [];
    const name = clip(`${filterName}:${formatExpression(expression)}`);
    return [
      {
        kind: "expression",
        text: name,
        name,
        nodes: nodesOf(field, alone.check),
      },
    ];
  });
}
