import { imageIsMeant } from "../../filters/image-reference.ts";
import { availabilityRule } from "./availability.ts";
import { clip } from "./clip.ts";
import { allOf } from "./terms.ts";
import type { Admission, Candidate, LocalNetwork, PlacementRequest, Term } from "./types.ts";
import { whereabouts } from "./whereabouts.ts";

/** A rule of this attempt, not of the user: applied whatever `--filter` says and never listed as a condition. */
export interface AttemptRule extends Admission {
  readonly name: string;
  /** Why this candidate was refused. Called only for refused candidates. */
  explain(candidate: Candidate): string;
}

/**
 * What earlier attempts taught: engines that refused, and the image an engine must already hold (spec: scheduling.md §8, B9, B11). And the
 * networks without which the container would be created in vain. And what operators decided about nodes.
 */
export function attemptRules({
  excludedEngines,
  localNetworks,
  requiredImages,
  anyAvailability,
}: PlacementRequest): readonly AttemptRule[] {
  const rules: AttemptRule[] = [];
  if (excludedEngines.size > 0) {
    rules.push({
      name: "retry",
      ...allOf([notOneOf(excludedEngines)]),
      explain: () => "it refused the container before",
    });
  }
  if (localNetworks.length > 0) {
    const missing = ({ addr }: Candidate) => localNetworks.find(({ nodes }) => !nodes.has(addr));
    rules.push({
      name: "network",
      ...allOf(localNetworks.map(onNodesOf)),
      explain: (candidate) => {
        const network = missing(candidate);
        return network === undefined
          ? ""
          : `network ${clip(network.name)} is ${whereabouts([...network.nodes.values()])}`;
      },
    });
  }
  if (requiredImages.length > 0) {
    rules.push({
      name: "image",
      ...allOf([
        {
          key: `image ${requiredImages.join("\n")}`,
          reads: ["images"],
          admits: (candidate) => holdsOneOf(candidate, requiredImages),
        },
      ]),
      explain: () => `it does not hold ${clip(requiredImages.join(" or "))}`,
    });
  }
  // Last, so that where it leaves nobody it is all that is in the way.
  if (!anyAvailability) rules.push(availabilityRule);
  return rules;
}

const notOneOf = (ids: ReadonlySet<string>): Term => ({
  key: "",
  reads: ["node"],
  admits: ({ id }) => !ids.has(id),
  shortcut: { kind: "look", elsewhere: true, places: [...ids].map((text) => ({ in: "nodes", text })) },
});

/** Asks for a network that only some nodes have. */
export const onNodesOf = ({ nodes }: LocalNetwork): Term => ({
  key: "",
  reads: ["node"],
  admits: ({ addr }) => nodes.has(addr),
  shortcut: {
    kind: "look",
    elsewhere: false,
    places: [...nodes.keys()].map((text) => ({ in: "nodes", text })),
  },
});

function holdsOneOf({ images }: Candidate, references: readonly string[]): boolean {
  for (const image of images) {
    if (references.some((reference) => imageIsMeant(image, reference))) return true;
  }
  return false;
}
