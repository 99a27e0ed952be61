import { badRequest } from "../../errors.ts";
import type { ImageSummary } from "../../docker/types.ts";
import { hasLabels, parseGoBool, wanted } from "./docker-filters.ts";
import type { DockerFilters } from "./docker-filters.ts";
import { parentIds } from "./image-ancestry.ts";
import {
  familiarName,
  familiarReference,
  hasIdPrefix,
  hasName,
  parseImageReference,
  placeholders,
} from "./image-reference.ts";
import { isNamed } from "./node-names.ts";
import { pathGlob } from "./pattern.ts";
import type { TextTest } from "./pattern.ts";
import { parseMoment } from "./timestamp.ts";
import type { NodeImages, NodeView } from "./types.ts";

/** Everything `GET /images/json` filters by; `node` is ours. */
export const imageFilterKeys: ReadonlySet<string> = new Set([
  "before",
  "dangling",
  "label",
  "node",
  "reference",
  "since",
  "until",
]);

/** The entry to list, with the names to show, or `undefined`. */
export type ImageAdmission = (node: NodeView, image: ImageSummary) => ImageSummary | undefined;

type ImageTest = (node: NodeView, image: ImageSummary) => boolean;

/**
 * Visibility and filters of `GET /images/json` in one (images-networks-volumes.md §1.2 with A12).
 * @throws ApiError 400 for values an engine would refuse
 */
export function imageTest(
  nodes: readonly NodeImages[],
  filters: DockerFilters,
  all: boolean,
  nowMs: number,
): ImageAdmission {
  const tests: ImageTest[] = [
    visibilityTest(nodes, filters, all),
    ...orderTests(nodes, filters),
    ...untilTests(filters, nowMs),
  ];
  const labels = wanted(filters, "label");
  if (labels !== undefined) tests.push((_node, image) => hasLabels(image.Labels, labels));
  const names = wanted(filters, "node");
  if (names !== undefined) tests.push((node) => names.some((name) => isNamed(node, name)));
  const prune = referencePruner(filters);
  return (node, image) => (tests.every((test) => test(node, image)) ? prune(image) : undefined);
}

const hasRealTag = (image: ImageSummary): boolean =>
  (image.RepoTags ?? []).some((tag) => !placeholders.has(tag));
const hasRealDigest = (image: ImageSummary): boolean =>
  (image.RepoDigests ?? []).some((digest) => !placeholders.has(digest));

/** Without `all` and `dangling`: images with a name. Dangling ones are untagged and, without `all`, nobody's parent. */
function visibilityTest(nodes: readonly NodeImages[], filters: DockerFilters, all: boolean): ImageTest {
  const flags = wanted(filters, "dangling")?.map(parseGoBool);
  if (flags === undefined) return (_node, image) => all || hasRealTag(image) || hasRealDigest(image);
  if (flags.includes(undefined)) throw badRequest("Invalid filter: 'type'='dangling'");
  const parents = new Map(
    nodes.map(({ node, images }) => [node, all ? new Set<string>() : parentIds(images)]),
  );
  return (node, image) =>
    hasRealTag(image)
      ? flags.includes(false)
      : flags.includes(true) && parents.get(node)?.has(image.Id) !== true;
}

function orderTests(nodes: readonly NodeImages[], filters: DockerFilters): readonly ImageTest[] {
  const before = boundary(nodes, filters, "before");
  const since = boundary(nodes, filters, "since");
  return [
    ...(before === undefined ? [] : [(_node: NodeView, image: ImageSummary) => image.Created < before]),
    ...(since === undefined ? [] : [(_node: NodeView, image: ImageSummary) => image.Created > since]),
  ];
}

/** When the image named by `before` or `since` was made, Unix seconds. */
function boundary(
  nodes: readonly NodeImages[],
  filters: DockerFilters,
  key: "before" | "since",
): number | undefined {
  const values = wanted(filters, key);
  if (values === undefined) return undefined;
  const [text] = values;
  if (text !== undefined && values.length === 1) {
    const reference = parseImageReference(text);
    for (const { images } of nodes) {
      for (const image of images) {
        if (hasIdPrefix(image, text) || hasName(image, reference, { ignoreTag: true })) return image.Created;
      }
    }
  }
  const named = values.length === 1 ? (text ?? "") : "";
  throw badRequest(`Invalid filter: 'type'='${key}': no such image found: '${named}'`);
}

function untilTests(filters: DockerFilters, nowMs: number): readonly ImageTest[] {
  return (wanted(filters, "until") ?? []).map((text) => {
    const moment = parseMoment(text, nowMs);
    if (moment === undefined) throw badRequest(`Invalid filter 'until=${text}'`);
    return (_node: NodeView, image: ImageSummary) => image.Created * 1_000 < moment;
  });
}

/** Keeps only the names that match `reference`; an image left without any is not listed. */
function referencePruner(filters: DockerFilters): (image: ImageSummary) => ImageSummary | undefined {
  const patterns = wanted(filters, "reference");
  if (patterns === undefined) return (image) => image;
  const globs = patterns.map((pattern): TextTest => {
    const glob = pathGlob(pattern);
    if (glob === undefined)
      throw badRequest(`Invalid filter 'reference=${pattern}': syntax error in pattern`);
    return glob;
  });
  const matches = (text: string): boolean => {
    if (placeholders.has(text)) return false;
    const reference = parseImageReference(text);
    const forms = [familiarReference(reference), familiarName(reference.repository)];
    return globs.some((glob) => forms.some((form) => glob(form)));
  };
  return (image) => {
    const RepoTags = (image.RepoTags ?? []).filter(matches);
    const RepoDigests = (image.RepoDigests ?? []).filter(matches);
    return RepoTags.length + RepoDigests.length === 0 ? undefined : { ...image, RepoTags, RepoDigests };
  };
}
