import type { ImageSummary } from "../../docker/types.ts";

/** An image name taken apart and normalised, so that `busybox` and `docker.io/library/busybox:latest` are one (A11). */
export interface ImageReference {
  /** With registry and namespace: `docker.io/library/busybox`. */
  readonly repository: string;
  /** `undefined` when none was written. */
  readonly tag: string | undefined;
  /** `sha256:…`, `undefined` when none was written. */
  readonly digest: string | undefined;
}

/** What engines put in the place of a missing tag or digest. */
export const placeholders: ReadonlySet<string> = new Set(["<none>:<none>", "<none>@<none>"]);

/** Takes `[registry/]path[:tag][@digest]` apart. Never fails: odd text simply matches nothing. */
export function parseImageReference(text: string): ImageReference {
  const at = text.indexOf("@");
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const hasTag = colon >= 0 && !named.includes("/", colon);
  return {
    repository: normaliseRepository(hasTag ? named.slice(0, colon) : named),
    tag: hasTag ? named.slice(colon + 1) : undefined,
    digest: at < 0 ? undefined : text.slice(at + 1),
  };
}

function normaliseRepository(name: string): string {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isRegistry = first === "localhost" || /[.:A-Z]/.test(first);
  const registry = !isRegistry || first === "index.docker.io" ? "docker.io" : first;
  const path = isRegistry ? name.slice(slash + 1) : name;
  return registry === "docker.io" && !path.includes("/")
    ? `docker.io/library/${path}`
    : `${registry}/${path}`;
}

/** The short form people write: `busybox`, not `docker.io/library/busybox`. */
export function familiarName(repository: string): string {
  return repository.replace(/^docker\.io\/(library\/)?/, "");
}

/** The short form of a whole tag or digest reference, as it is listed. */
export function familiarReference({ repository, tag, digest }: ImageReference): string {
  return (
    familiarName(repository) +
    (tag === undefined ? "" : `:${tag}`) +
    (digest === undefined ? "" : `@${digest}`)
  );
}

export interface NameOptions {
  /** The repository alone decides; else a missing tag means `latest`. */
  readonly ignoreTag?: boolean;
}

/** Does one of the image's tags or digests bear this name? (§1.1 rules 2 and 3) */
export function hasName(
  image: ImageSummary,
  reference: ImageReference,
  { ignoreTag = false }: NameOptions = {},
): boolean {
  const { tags, digests } = namesOf(image);
  const { repository, digest, tag = "latest" } = reference;
  if (ignoreTag || digest === undefined) {
    for (const name of tags)
      if (name.repository === repository && (ignoreTag || name.tag === tag)) return true;
  }
  if (ignoreTag || digest !== undefined) {
    for (const name of digests)
      if (name.repository === repository && (ignoreTag || name.digest === digest)) return true;
  }
  return false;
}

interface ImageNames {
  readonly tags: readonly ImageReference[];
  readonly digests: readonly ImageReference[];
}

/** Images are looked for among thousands, and their entries never change. */
const imageNames = new WeakMap<ImageSummary, ImageNames>();

function namesOf(image: ImageSummary): ImageNames {
  let names = imageNames.get(image);
  if (names === undefined) {
    const parsed = (texts: readonly string[] | null): readonly ImageReference[] =>
      (texts ?? []).filter((text) => !placeholders.has(text)).map(parseImageReference);
    names = { tags: parsed(image.RepoTags), digests: parsed(image.RepoDigests) };
    imageNames.set(image, names);
  }
  return names;
}

/** How many of the image's tags are in the repository a reference names. */
export function tagsInRepository({ RepoTags }: ImageSummary, reference: string): number {
  const { repository } = parseImageReference(reference);
  return (RepoTags ?? []).filter((tag) => parseImageReference(tag).repository === repository).length;
}

const ALGORITHM = "sha256:";
const idDigits = (id: string): string => (id.startsWith(ALGORITHM) ? id.slice(ALGORITHM.length) : id);

/** A test of images: is this the whole id, with or without `sha256:`? */
export function idTest(text: string): (image: ImageSummary) => boolean {
  const digits = idDigits(text);
  const id = ALGORITHM + digits;
  return ({ Id }) => Id === id || Id === digits;
}

/** A test of images: does the id begin with this (three characters at least), with or without `sha256:`? */
export function idPrefixTest(text: string): (image: ImageSummary) => boolean {
  const prefix = idDigits(text);
  if (prefix.length < 3) return () => false;
  return ({ Id }) => Id.startsWith(prefix, Id.startsWith(ALGORITHM) ? ALGORITHM.length : 0);
}

/** Is this the image's whole id, with or without `sha256:`? */
export const isId = (image: ImageSummary, text: string): boolean => idTest(text)(image);

/** Does the image's id begin with this (three characters at least), with or without `sha256:`? */
export const hasIdPrefix = (image: ImageSummary, text: string): boolean => idPrefixTest(text)(image);
