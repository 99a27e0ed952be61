import { EngineUnreachableError } from "../../docker/engine-client.ts";
import { ApiError, errorText } from "../../errors.ts";
import type { PlacementRequest, Refusal } from "../../scheduler/types.ts";
import { messages } from "../../telemetry/messages.ts";
import type { Services } from "../services.ts";
import { bodyForEngine } from "./engine-body.ts";
import type { CreateIntent } from "./create-intents.ts";
import { createOnEngine, ImageUnavailableError, type CreatedContainer } from "./create-on-engine.ts";
import { nameConflict } from "./create.ts";
import { ostypeConstraint } from "./image-ostype.ts";
import { isKnownImage } from "./required-images.ts";

/**
 * Places and creates, again where the contract says so: after an image was missing on the chosen engine but is known on another one,
 * after an operating system mismatch, and up to `swarm.createretry` times for anything else (spec: scheduling.md §8).
 */
export async function createWithRetries(
  services: Services,
  intent: CreateIntent,
  signal: AbortSignal,
): Promise<CreatedContainer> {
  const { cluster, config, log } = services;
  const ostype = await ostypeConstraint(cluster, intent);
  let request: PlacementRequest =
    ostype === undefined
      ? intent.request
      : { ...intent.request, constraints: [...intent.request.constraints, ostype] };
  const tried = new Set<"ostype" | "image">();
  for (let retries = 0; ; retries++) {
    try {
      return await createOnce(services, { ...intent, request }, signal);
    } catch (error) {
      const text = errorText(error);
      if (signal.aborted || error instanceof PlacementError) throw error;
      const os = /image operating system "(.+)" cannot be used on this platform/.exec(text)?.[1];
      if (os !== undefined && !tried.has("ostype")) {
        tried.add("ostype");
        request = { ...request, constraints: [...request.constraints, `ostype==${os}`] };
      } else if (!tried.has("image") && shouldFollowImage(services, intent, error)) {
        tried.add("image");
        request = { ...request, requiredImages: [intent.body.Image ?? ""] };
      } else if (retries >= config.cluster.createRetry || isFinal(error)) {
        throw error;
      }
      log.warn({ Name: "Swarm" }, messages.createRetried(text));
    }
  }
}

/** Nothing fits; what to do about it is in the text. Another attempt would find the same. */
export class PlacementError extends ApiError {
  constructor({ message, explanation }: Refusal) {
    super(500, [message, ...explanation].join("\n"));
  }
}

/** One attempt: choose and reserve in one turn, then create. The reservation ends however the attempt does. */
async function createOnce(
  { cluster, log }: Services,
  intent: CreateIntent,
  signal: AbortSignal,
): Promise<CreatedContainer> {
  const { request, body, swarmId } = intent;
  if (request.name !== "" && cluster.nameTaken(request.name)) throw nameConflict(request.name);
  const placed = cluster.place(request, swarmId, body.Labels ?? {});
  if (placed.kind === "refused") throw new PlacementError(placed.refusal);
  const { reservation } = placed;
  const { engine } = reservation;
  try {
    const created = await createOnEngine(engine, {
      ...intent,
      body: bodyForEngine(cluster, engine, body, swarmId),
      signal,
    });
    engine.noteSuccess();
    return created;
  } catch (error) {
    if (error instanceof EngineUnreachableError) engine.noteFailure(error);
    log.error({ error: errorText(error), NodeID: engine.id, NodeName: engine.name }, messages.createFailed);
    throw error;
  } finally {
    cluster.release(reservation);
  }
}

/** The connection was never open. */
const NEVER_ARRIVED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
]);

/** The image is not to be had where we were, whatever the reason, but another engine holds it (B11). */
function shouldFollowImage({ cluster }: Services, { request, body }: CreateIntent, error: unknown): boolean {
  const pinned = request.constraints.some((text) => text.startsWith("node==") && !text.startsWith("node==~"));
  return error instanceof ImageUnavailableError && !pinned && isKnownImage(cluster, body.Image ?? "");
}

/** A request the engine understood and refused will be refused again; one whose fate is unknown may have made a container. */
function isFinal(error: unknown): boolean {
  if (error instanceof EngineUnreachableError) return !NEVER_ARRIVED.has(error.code);
  const { status } = error as { status?: unknown };
  return typeof status === "number" && status >= 400 && status < 500;
}
