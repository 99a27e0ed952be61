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
export function hasName(image: ImageSummary, reference: ImageReference, options: NameOptions = {}): boolean {
  const named = (text: string, fits: (candidate: ImageReference) => boolean): boolean => {
    if (placeholders.has(text)) return false;
    const candidate = parseImageReference(text);
    return candidate.repository === reference.repository && (options.ignoreTag === true || fits(candidate));
  };
  const tags = image.RepoTags ?? [];
  const digests = image.RepoDigests ?? [];
  if (reference.digest !== undefined) {
    return (
      digests.some((text) => named(text, ({ digest }) => digest === reference.digest)) ||
      (options.ignoreTag === true && tags.some((text) => named(text, () => true)))
    );
  }
  const tag = reference.tag ?? "latest";
  return (
    tags.some((text) => named(text, (candidate) => candidate.tag === tag)) ||
    (options.ignoreTag === true && digests.some((text) => named(text, () => true)))
  );
}

const idDigits = (id: string): string => (id.startsWith("sha256:") ? id.slice(7) : id);

/** Is this the image's whole id, with or without `sha256:`? */
export const isId = (image: ImageSummary, text: string): boolean => idDigits(image.Id) === idDigits(text);

/** Does the image's id begin with this (three characters at least), with or without `sha256:`? */
export function hasIdPrefix(image: ImageSummary, text: string): boolean {
  const prefix = idDigits(text);
  return prefix.length >= 3 && idDigits(image.Id).startsWith(prefix);
}
