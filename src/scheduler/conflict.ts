import { expressionAnchors, thingAnchors, type Anchor } from "./anchor-list.ts";
import { clip } from "./clip.ts";
import type { Field } from "./field.ts";
import { runPipeline, type Pipeline } from "./pipeline.ts";
import type { PlacementRequest } from "./types.ts";
import { whereabouts } from "./whereabouts.ts";

/**
 * What to change when a request could not be placed because of where other things are: the first two of its anchors that no node has both of,
 * or the networks that hold it where there is no room. Undefined when neither is the matter.
 * @param droppedSoft the soft expressions that did not count
 */
export function explainConflict(
  pipeline: Pipeline,
  request: PlacementRequest,
  field: Field,
  droppedSoft: ReadonlySet<string>,
): string | undefined {
  // Two expressions are both the user's own and stand beside each other in the message already.
  const things = thingAnchors(pipeline, request, field).filter(isSomewhere);
  if (things.length === 0) return undefined;
  const expressions = expressionAnchors(pipeline, request, field).filter(isSomewhere);
  for (const [at, a] of things.entries()) {
    const b = [...things.slice(at + 1), ...expressions].find((other) => !meet(a, other));
    if (b !== undefined) return `conflict: ${placeOf(a)}, ${placeOf(b)}; no node has both. ${remedy(a, b)}`;
  }
  const network = things.find(({ kind }) => kind === "network");
  if (network === undefined) return undefined;
  const options = { droppedSoft, wanted: "best" } as const;
  const elsewhere = runPipeline(pipeline, { ...request, localNetworks: [] }, field, options);
  return elsewhere.kind === "failed" ? undefined : `remedy: ${placeOf(network)}. ${roomFor(network)}`;
}

const isSomewhere = ({ nodes }: Anchor): boolean => nodes.size > 0;

function meet(a: Anchor, b: Anchor): boolean {
  for (const node of a.nodes) if (b.nodes.has(node)) return true;
  return false;
}

const placeOf = ({ text, nodes }: Anchor): string =>
  `${text} is ${whereabouts([...nodes].map(({ name }) => name))}`;

/** The node an anchor holds to, or the first of them. */
const nodeOf = ({ nodes: [node] }: Anchor): string => clip(node?.name ?? "");

/** How to make two anchors meet; containers come before networks, and both before expressions. */
function remedy(a: Anchor, b: Anchor): string {
  if (a.kind === "container" && b.kind === "container") {
    return (
      `Recreate ${b.name} beside ${a.name} with -e affinity:container==${a.name}, ` +
      `or both of them with -e constraint:node==${nodeOf(a)}.`
    );
  }
  if (a.kind === "container" && b.kind === "network") {
    return (
      `Recreate ${a.name} with -e constraint:node==${nodeOf(b)}, make the network on ${nodeOf(a)} as well ` +
      `(${networkCommand(a, b)}), or use an overlay network.`
    );
  }
  if (a.kind === "container") return `Recreate ${a.name} with -e ${b.name}, or leave ${b.name} out.`;
  if (b.kind === "network") {
    return `Make both networks on one node (${networkCommand(a, b)}), or use overlay networks.`;
  }
  return `Make the network where ${b.name} holds (${networkCommand(b, a)}), or use an overlay network.`;
}

function roomFor(network: Anchor): string {
  return (
    `Make room there, make the network on another node as well (docker network create NODE/${bare(network)}), ` +
    "or use an overlay network, which spans nodes."
  );
}

/** Makes a network where another anchor is. */
const networkCommand = (where: Anchor, network: Anchor): string =>
  `docker network create ${nodeOf(where)}/${bare(network)}`;

/** A network's name without the node it may have been called by. */
const bare = ({ name }: Anchor): string => name.slice(name.indexOf("/") + 1);
