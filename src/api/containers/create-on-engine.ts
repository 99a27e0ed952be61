import type { Engine } from "../../cluster/engine.ts";
import { EngineResponseError } from "../../docker/engine-client.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import { ApiError, errorText } from "../../errors.ts";
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
  /** Ends a pull when the client has left. */
  readonly signal: AbortSignal;
}

/** The image could not be had on the chosen engine. Answers 500: a 404 would make the CLI pull on every engine (api.md §7.3). */
export class ImageUnavailableError extends ApiError {
  /** The registry, or the engine, says there is no such image; not that it could not be asked. */
  readonly missing: boolean;
  constructor(message: string, missing: boolean, options?: ErrorOptions) {
    super(500, message, options);
    this.missing = missing;
  }
}

/**
 * Creates a container on one engine, pulling its image there first if the engine lacks it, and waits until the cluster's state knows it.
 * @throws ImageUnavailableError, EngineResponseError with the engine's status, EngineUnreachableError
 */
export async function createOnEngine(engine: Engine, create: EngineCreate): Promise<CreatedContainer> {
  let created: CreatedContainer;
  try {
    created = await post(engine, create);
  } catch (error) {
    if (!isMissingImage(error)) throw error;
    await pull(engine, create);
    created = await post(engine, create).catch(stillMissing);
  }
  try {
    await engine.cache.refreshContainer(created.Id);
  } catch (error) {
    // Nobody will know of it: better not to leave it behind, as far as the engine still listens.
    await engine.client.removeContainer(created.Id, { force: true }).catch(() => undefined);
    throw error;
  }
  if (!engine.cache.inventory.containers.has(created.Id)) {
    throw new ApiError(500, "Container created but refresh didn't report it back");
  }
  return created;
}

async function post(engine: Engine, { body, query, clientVersion }: EngineCreate): Promise<CreatedContainer> {
  const path = engine.versionedPath(clientVersion, `/containers/create?${query}`);
  const answer = await engine.client.request<{ Id?: unknown; Warnings?: unknown }>({
    method: "POST",
    path,
    body,
  });
  if (typeof answer.Id !== "string") throw new ApiError(500, "error creating container");
  return { Id: answer.Id, Warnings: Array.isArray(answer.Warnings) ? answer.Warnings.map(String) : [] };
}

const isMissingImage = (error: unknown): boolean =>
  error instanceof EngineResponseError &&
  error.status === 404 &&
  /no such image|image .*not found|image with reference .*(was found but|does not match)/i.test(
    error.message,
  );

/** After its pull an image may still not be what was asked for, such as another platform's; a 404 would make the CLI pull too. */
function stillMissing(error: unknown): never {
  if (isMissingImage(error)) throw new ImageUnavailableError(errorText(error), false, { cause: error });
  throw error;
}

async function pull(engine: Engine, { body, query, registryAuth, signal }: EngineCreate): Promise<void> {
  const image = body.Image ?? "";
  const { repository, tag, digest } = parseImageReference(image);
  const digits = image.replace(/^sha256:/, "");
  if (/^[0-9a-f]{64}$/.test(digits)) {
    throw new ImageUnavailableError(
      `No such image: ${image}: an image ID cannot be pulled, and no node that fits holds it`,
      true,
    );
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
    throw new ImageUnavailableError(error.message, saysMissing(error), { cause: error });
  }
  await engine.cache.refreshImages();
}

const saysMissing = ({ status, message }: EngineResponseError): boolean =>
  status === 404 ||
  /image \S* not found|repository \S* not found|repository does not exist|manifest unknown/.test(message);
