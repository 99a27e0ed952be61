import { SWARM_ID_LABEL } from "../../cluster/container-record.ts";
import type { Engine } from "../../cluster/engine.ts";
import { EngineResponseError, EngineUnreachableError } from "../../docker/engine-client.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import { ApiError, errorText } from "../../errors.ts";
import { neverArrived } from "../never-arrived.ts";
import { familiarName, parseImageReference } from "../views/image-reference.ts";

export interface CreatedContainer {
  readonly Id: string;
  readonly Warnings: readonly string[];
}

export interface EngineCreate {
  readonly body: ContainerCreateBody;
  /** `name=…&platform=…` */
  readonly query: string;
  readonly clientVersion: string | undefined;
  readonly registryAuth: string | undefined;
  /** Asked before each attempt. @throws ApiError */
  readonly recheck?: (() => void) | undefined;
  /** The engine was lost while it was asked: it may have the container, and nobody is told of it. */
  readonly orphaned?: ((engine: Engine) => void) | undefined;
  /** Ends a pull when the client has left. */
  readonly signal: AbortSignal;
  /** Brings the image to an engine that said it lacks it; a pull unless given. @throws ImageUnavailableError */
  readonly supply?: (engine: Engine, missing: EngineResponseError) => Promise<void>;
}

/** The image could not be had on the chosen engine. Answers 500: a 404 would make clients pull on every engine (api.md §7.3). */
export class ImageUnavailableError extends ApiError {
  readonly engine: Engine;
  /** A registry wants to know who asks; it may say the same of an image it does not have. */
  readonly denied: boolean;
  constructor(engine: Engine, message: string, options?: ErrorOptions & { readonly denied?: boolean }) {
    super(500, message, options);
    this.engine = engine;
    this.denied = options?.denied ?? false;
  }
}

/**
 * Creates a container on one engine, bringing its image there first if the engine lacks it, and waits until the cluster's state knows it.
 * @throws ImageUnavailableError, EngineResponseError with the engine's status, EngineUnreachableError
 */
export async function createOnEngine(engine: Engine, create: EngineCreate): Promise<CreatedContainer> {
  let created: CreatedContainer;
  using expected = engine.cache.told.expect(create.body.Labels?.[SWARM_ID_LABEL] ?? "", create.body);
  try {
    created = await post(engine, create);
  } catch (error) {
    if (!isMissingImage(error)) throw error;
    await (create.supply === undefined ? pullOn(engine, create) : create.supply(engine, error));
    created = await post(engine, create).catch((still: unknown) => stillMissing(engine, still));
  }
  try {
    if (!(await expected.told(created.Id))) await engine.cache.refreshContainer(created.Id);
  } catch (error) {
    await discard(engine, created.Id, create);
    throw error;
  }
  if (!engine.cache.inventory.containers.has(created.Id)) {
    throw new ApiError(500, "Container created but refresh didn't report it back");
  }
  return created;
}

/** Nobody will know of it: better not to leave it behind, as far as the engine still listens, and as it is still ours to remove. */
async function discard(engine: Engine, id: string, { recheck, orphaned }: EngineCreate): Promise<void> {
  try {
    recheck?.();
    await engine.client.removeContainer(id, { force: true });
  } catch {
    // Its create event, or the next sweep, tells of it.
    orphaned?.(engine);
  }
}

async function post(engine: Engine, create: EngineCreate): Promise<CreatedContainer> {
  const { body, query, clientVersion } = create;
  create.recheck?.();
  const path = engine.versionedPath(clientVersion, `/containers/create?${query}`);
  const call = engine.client.request<{ Id?: unknown; Warnings?: unknown }>({ method: "POST", path, body });
  const answer = await call.catch((error: unknown) => {
    if (error instanceof EngineUnreachableError && !neverArrived(error)) create.orphaned?.(engine);
    throw error;
  });
  if (typeof answer.Id !== "string") throw new ApiError(500, "error creating container");
  return { Id: answer.Id, Warnings: Array.isArray(answer.Warnings) ? answer.Warnings.map(String) : [] };
}

const isMissingImage = (error: unknown): error is EngineResponseError =>
  error instanceof EngineResponseError &&
  error.status === 404 &&
  /no such image|image .*not found|image with reference .*(was found but|does not match)/i.test(
    error.message,
  );

/** Afterwards an image may still not be what was asked for, such as another platform's; a 404 would make the CLI pull too. */
function stillMissing(engine: Engine, error: unknown): never {
  if (isMissingImage(error)) throw new ImageUnavailableError(engine, errorText(error), { cause: error });
  throw error;
}

/**
 * Pulls a create's image on one engine, and waits until the cluster's state knows.
 * @throws ImageUnavailableError, EngineUnreachableError
 */
export async function pullOn(
  engine: Engine,
  create: Omit<EngineCreate, "clientVersion" | "supply">,
): Promise<void> {
  const { body, query, registryAuth, signal } = create;
  const image = body.Image ?? "";
  const { repository, tag, digest } = parseImageReference(image);
  if (isWholeId(image)) {
    const text = `No such image: ${image}: an image ID cannot be pulled, and no node that fits holds it`;
    throw new ImageUnavailableError(engine, text);
  }
  try {
    await engine.client.pullImage({
      fromImage: familiarName(repository),
      tag: digest ?? tag ?? "latest",
      platform: new URLSearchParams(query).get("platform") ?? undefined,
      registryAuth,
      signal,
    });
  } catch (error) {
    if (!(error instanceof EngineResponseError)) throw error;
    const denied = DENIED.test(error.message);
    throw new ImageUnavailableError(engine, error.message, { denied, cause: error });
  }
  await engine.cache.refreshImages();
}

/** No registry knows an image by its ID. */
export const isWholeId = (image: string): boolean => /^(sha256:)?[0-9a-f]{64}$/.test(image);

/** What engines say when a registry wants a login, or a better one. */
export const DENIED =
  /pull access denied|unauthorized|no basic auth credentials|authentication required|\bdenied:|insufficient_scope|forbidden/i;
