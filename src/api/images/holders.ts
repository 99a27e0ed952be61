import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { ApiError } from "../../errors.ts";
import { engineStatus, jointError, type EngineFailure, type FanOut } from "../fan-out.ts";
import type { Exchange } from "../exchange.ts";
import { nodeImages } from "../nodes.ts";
import type { Services } from "../services.ts";
import { requireImage } from "../views/image-lookup.ts";
import { tagsInRepository, type NameOptions } from "../views/image-reference.ts";
import { addWarnings } from "../warnings.ts";

/** The nodes that have an image. */
export interface Holders {
  /** Those that can be asked, at least one. */
  readonly engines: readonly Engine[];
  /** `node-3: not healthy`, one for each of the others. */
  readonly missed: readonly string[];
}

/**
 * Everybody who has the image a reference means; those with most tags of its repository first (images-networks-volumes.md §1.1, A10).
 * @throws ApiError 404 `No such image: X`; 500 `No healthy node holds image X`
 */
export function imageHolders(cluster: Cluster, reference: string, options: NameOptions = {}): Holders {
  const tags = new Map<string, number>();
  for (const { node, image } of requireImage(nodeImages(cluster), reference, options)) {
    tags.set(node.addr, (tags.get(node.addr) ?? 0) + tagsInRepository(image, reference));
  }
  const engines: Engine[] = [];
  const missed: string[] = [];
  for (const [addr] of [...tags].sort(([, a], [, b]) => b - a)) {
    const engine = cluster.engineAt(addr);
    if (engine?.isHealthy === true) engines.push(engine);
    else if (engine !== undefined) missed.push(`${engine.name}: not healthy`);
  }
  if (engines.length === 0) throw new ApiError(500, `No healthy node holds image ${reference}`);
  return { engines, missed };
}

/**
 * An image's name as the path of an engine's route, its slashes kept.
 * @throws ApiError 400 for one that would lead to another route
 */
export function imagePath(name: string): string {
  const segments = name.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === ".."))
    throw new ApiError(400, "invalid reference format");
  return segments.map(encodeURIComponent).join("/");
}

/** Waits until the manager knows what images these engines have now; one that cannot say keeps what was known. */
export async function refreshImages(engines: Iterable<Engine>): Promise<void> {
  await Promise.allSettled([...engines].map((engine) => engine.cache.refreshImages()));
}

/** The engines that answered, with success or without: those whose images are to be looked at again. */
export const answering = (outcome: FanOut<unknown>): readonly Engine[] =>
  [...outcome.answers, ...outcome.failed.filter((failure) => engineStatus(failure) !== undefined)].map(
    ({ engine }) => engine,
  );

/**
 * What went wrong on some holders though others did as they were told. One that no longer has the image is none of them.
 * @throws ApiError of them all, when nobody did
 */
export function partialFailures({ answers, failed }: FanOut<unknown>): readonly EngineFailure[] {
  const holders = failed.filter((failure) => engineStatus(failure) !== 404);
  if (answers.length === 0) throw jointError(holders.length > 0 ? holders : failed);
  return holders;
}

/** Says what some nodes did not do: in the log, and to the client beside its success. */
export function warnOf(
  { log }: Services,
  { res }: Exchange,
  what: string,
  warnings: readonly string[],
): void {
  for (const failure of warnings) log.warn({ failure }, what);
  addWarnings(res, warnings);
}
