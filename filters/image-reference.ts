import type { CandidateImage } from "../src/scheduler/types.ts";

/** How many hex digits of an id the docker CLI shows. */
const SHORT = 12;

/** The first 12 digits of an id, without `sha256:`. */
export const shortId = (id: string): string => id.replace(/^sha256:/, "").slice(0, SHORT);

/** `reg:5000/app/api:2.1` → `reg:5000/app/api`. */
export function repositoryOf(tag: string): string {
  const colon = tag.indexOf(":", tag.lastIndexOf("/") + 1);
  return colon < 0 ? tag : tag.slice(0, colon);
}

/**
 * Is this image meant by a reference as `docker run` takes it: id (with or without `sha256:`, at least 12 digits), tag, repository
 * or digest (B9)? Names win over ids on an engine; a shorter id could be a name, so it is not taken as an id.
 */
export function imageIsMeant({ id, repoTags, repoDigests }: CandidateImage, reference: string): boolean {
  if (reference === id || repoDigests.includes(reference)) return true;
  if (repoTags.some((tag) => tag === reference || repositoryOf(tag) === reference)) return true;
  const digits = reference.replace(/^sha256:/, "");
  return /^[0-9a-f]{12,64}$/.test(digits) && id.replace(/^sha256:/, "").startsWith(digits);
}
