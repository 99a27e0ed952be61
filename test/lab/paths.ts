import path from "node:path";

/** The root of the repository this file lives in. */
export const repositoryRoot = path.resolve(import.meta.dirname, "../..");

/** What may be kept between runs: images and engines that were fetched. Ignored by git; deleting it costs only time. */
export const cacheRoot = path.join(repositoryRoot, ".cache");

/**
 * Where labs keep their state, one folder each. Fixed, not `$TMPDIR`: the folder is also the lock on the lab's subnet,
 * and the paths of Unix sockets below it must stay under 108 bytes.
 */
export const labsRoot = "/tmp";
