import { stableId } from "./ids.ts";
import type { SimImage } from "./types.ts";

/** `busybox` as `busybox:latest`; `docker.io/library/` is dropped. Digest references stay. */
export function normalizeReference(reference: string): string {
  const short = reference.replace(/^(?:docker\.io|index\.docker\.io)\//, "").replace(/^library\//, "");
  return short.includes("@") || /:[^/]+$/.test(short) ? short : `${short}:latest`;
}

/** `redis:alpine` without its tag or digest. */
export const repositoryOf = (reference: string): string =>
  normalizeReference(reference)
    .replace(/@.*$/, "")
    .replace(/:[^/:]*$/, "");

const DEFAULT_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  busybox: ["sh"],
  alpine: ["/bin/sh"],
  httpd: ["httpd-foreground"],
  nginx: ["nginx", "-g", "daemon off;"],
  redis: ["redis-server"],
  "hello-world": ["echo", "Hello from Docker!"],
};

/** All engines of this process share these: a thousand engines need one busybox. */
const templates = new Map<string, SimImage>();

/** The image a normalized reference stands for: the same object, ID and digest on every engine. */
export function imageTemplate(reference: string): SimImage {
  const known = templates.get(reference);
  if (known) return known;
  const repository = repositoryOf(reference);
  const image: SimImage = {
    id: `sha256:${stableId(`image ${reference}`)}`,
    tags: reference.includes("@") ? [] : [reference],
    digests: [`${repository}@sha256:${stableId(`digest ${reference}`)}`],
    createdMs: Date.UTC(2024, 0, 1),
    sizeBytes: 2_000_000,
    labels: null,
    cmd: DEFAULT_COMMANDS[repository.replace(/^.*\//, "")] ?? ["sleep", "infinity"],
    comment: "",
  };
  templates.set(reference, image);
  return image;
}

/** By ID (whole or at least the start of it), tag or digest. */
export function findImage(images: Iterable<SimImage>, reference: string): SimImage | undefined {
  const wanted = normalizeReference(reference);
  const hex = reference.replace(/^sha256:/, "");
  const isHex = /^[0-9a-f]+$/.test(hex);
  let withId: SimImage | undefined;
  for (const image of images) {
    if (image.tags.includes(wanted) || image.digests.includes(wanted)) return image;
    if (isHex && image.id.startsWith(`sha256:${hex}`)) withId ??= image;
  }
  return withId;
}
