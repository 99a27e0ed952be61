/**
 * What engines say of an image name they would refuse, without asking one; `undefined` when it is well-formed.
 * @param text `[registry/]path[:tag][@digest]`
 * @see https://github.com/distribution/reference, whose grammar this is
 */
export function nameProblem(text: string): string | undefined {
  if (text.length > MAX_CHARS) return "invalid reference format";
  if (/^[0-9a-f]{64}$/.test(text))
    return `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`;
  const { registry, rest } = splitRegistry(text);
  const [, path = "", tag, digest] = /^([^:@]*)(?::([^@]*))?(?:@(.*))?$/s.exec(rest) ?? [];
  if (/[A-Z]/.test(path)) return "invalid reference format: repository name must be lowercase";
  const wellFormed =
    (registry === undefined || REGISTRY.test(registry)) &&
    PATH.test(path) &&
    (tag === undefined || TAG.test(tag)) &&
    (digest === undefined || DIGEST.test(digest));
  if (!wellFormed) return "invalid reference format";
  const length = path.length + (registry === undefined ? 0 : registry.length + 1);
  return length > MAX_NAME_CHARS
    ? `repository name must not be more than ${MAX_NAME_CHARS} characters`
    : undefined;
}

/** What stands before the first slash is a registry when it could not be a part of a path. */
function splitRegistry(text: string): { readonly registry: string | undefined; readonly rest: string } {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0));
  return first === "localhost" || /[.:A-Z]/.test(first)
    ? { registry: first, rest: text.slice(slash + 1) }
    : { registry: undefined, rest: text };
}

/** No well-formed reference is longer, and patterns take their time. */
const MAX_CHARS = 1_000;
const MAX_NAME_CHARS = 255;
const LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const REGISTRY = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const WORD = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const PATH = new RegExp(`^${WORD}(?:/${WORD})*$`);
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/**
 * Why an image cannot be given this name, in the words of 1.2.9, or `undefined` (images-networks-volumes.md §1.7).
 * @param repository may hold a tag, which `tag` overrides
 */
export function tagProblem(repository: string, tag: string): string | undefined {
  const problem =
    nameProblem(repository) ??
    (repository.includes("@")
      ? "refusing to create a tag with a digest reference"
      : tag !== "" && !TAG.test(tag)
        ? "invalid tag format"
        : undefined);
  if (problem === undefined) return undefined;
  const name = tag === "" ? repository : `${repository}:${tag}`;
  return `Error parsing reference: ${JSON.stringify(name)} is not a valid repository/tag: ${problem}`;
}
