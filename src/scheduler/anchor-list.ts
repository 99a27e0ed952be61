import { formatExpression, parseExpression } from "../../filters/expression.ts";
import { clip } from "./clip.ts";
import { FLAGS } from "./dependency-flags.ts";
import { prepareFilter } from "./pipeline.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Candidate, Dependency, FilterName, PlacementRequest } from "./types.ts";

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

/** The anchors of a request: containers it needs beside it, networks of single nodes, hard expressions. Filters that are switched off anchor nothing. */
export function anchorsOf(
  pipeline: Pipeline,
  request: PlacementRequest,
  candidates: readonly Candidate[],
): readonly Anchor[] {
  const isOn = (name: FilterName): boolean => pipeline.filters.some((filter) => filter.name === name);
  return [
    ...(isOn("dependency")
      ? request.dependencies.slice(0, MAX_OF_A_KIND).map((each) => containerAnchor(each, candidates))
      : []),
    ...request.localNetworks.slice(0, MAX_OF_A_KIND).map(({ name, nodes }): Anchor => ({
      ...{ kind: "network", text: `network ${clip(name)}`, name: clip(name) },
      nodes: new Set(candidates.filter(({ addr }) => nodes.has(addr))),
    })),
    ...expressionAnchors(pipeline, request, candidates, "constraint", "constraints"),
    ...expressionAnchors(pipeline, request, candidates, "affinity", "affinities"),
    ...expressionAnchors(pipeline, request, candidates, "whitelist", "whitelists"),
  ];
}

function containerAnchor({ kind, raw, reference }: Dependency, candidates: readonly Candidate[]): Anchor {
  const nodes = new Set(candidates.filter((candidate) => candidate.hasContainer(reference)));
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

function expressionAnchors(
  pipeline: Pipeline,
  request: PlacementRequest,
  candidates: readonly Candidate[],
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
    const { check } = alone;
    const name = clip(`${filterName}:${formatExpression(expression)}`);
    return [
      {
        kind: "expression",
        text: name,
        name,
        nodes: new Set(candidates.filter((each) => check.admits(each))),
      },
    ];
  });
}
