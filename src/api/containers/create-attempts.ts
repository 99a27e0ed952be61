import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { EngineResponseError, EngineUnreachableError } from "../../docker/engine-client.ts";
import { errorText } from "../../errors.ts";
import { NoPrimaryError } from "../../replication/manager-role.ts";
import type { PlacementRequest } from "../../scheduler/types.ts";
import { messages } from "../../telemetry/messages.ts";
import { neverArrived } from "../never-arrived.ts";
import type { Services } from "../services.ts";
import { bodyForEngine } from "./engine-body.ts";
import type { CreateClient } from "./create-client.ts";
import { ClientShouldPull, ImageSupply } from "./create-image.ts";
import type { CreateIntent } from "./create-intents.ts";
import { mustBeFree } from "./container-names.ts";
import { createOnEngine, type CreatedContainer } from "./create-on-engine.ts";
import { ostypeConstraint } from "./image-ostype.ts";
import { PlacementError } from "./placement-error.ts";

/**
 * Places and creates, again where the contract says so: after an image was missing on the chosen engine but is known on another one,
 * after an operating system mismatch, and up to `swarm.createretry` times for anything else (spec: scheduling.md §8).
 * @param client who waits for the answer and may have to pull; none: the manager creates on its own account
 */
export async function createWithRetries(
  services: Services,
  intent: CreateIntent,
  signal: AbortSignal,
  client?: CreateClient,
): Promise<CreatedContainer> {
  const { cluster, config, log, pulls } = services;
  const ostype = await ostypeConstraint(cluster, intent);
  let request: PlacementRequest =
    ostype === undefined
      ? intent.request
      : { ...intent.request, constraints: [...intent.request.constraints, ostype] };
  const image = intent.body.Image ?? "";
  const pulledOn = client === undefined ? undefined : await pulls.repeated(client, image, signal);
  signal.throwIfAborted();
  const supply = new ImageSupply(services, intent, signal, {
    client: pulledOn === undefined ? client : undefined,
  });
  let triedOstype = false;
  for (let retries = 0; ; retries++) {
    try {
      const wanted = { ...intent, request: supply.request(request) };
      return await createOnce(services, wanted, {
        supply,
        signal,
        preferred: retries === 0 ? pulledOn : undefined,
      });
    } catch (error) {
      const text = errorText(error);
      if (signal.aborted || error instanceof ClientShouldPull) throw error;
      const os = /image operating system "(.+)" cannot be used on this platform/.exec(text)?.[1];
      if (os !== undefined && !triedOstype) {
        triedOstype = true;
        request = { ...request, constraints: [...request.constraints, `ostype==${os}`] };
      } else if (
        !supply.next(error) &&
        (error instanceof PlacementError || retries >= config.cluster.createRetry || isFinal(error))
      ) {
        throw supply.verdict(error);
      }
      log.warn({ Name: "Swarm" }, messages.createRetried(text));
    }
  }
}

interface Attempt {
  readonly supply: ImageSupply;
  readonly signal: AbortSignal;
  /** Taken if it fits at all, whatever the strategy says. */
  readonly preferred: Engine | undefined;
}

/** One attempt: choose and reserve in one turn, then create. The reservation ends however the attempt does. */
async function createOnce(
  services: Services,
  intent: CreateIntent,
  { supply, signal, preferred }: Attempt,
): Promise<CreatedContainer> {
  const { cluster, clashes, log } = services;
  const { request, body, swarmId, replaces } = intent;
  mustBeFree(services, request.name, swarmId);
  const placed = place(cluster, intent, preferred);
  if (placed.kind === "refused") throw new PlacementError(placed.refusal);
  const { reservation } = placed;
  const { engine } = reservation;
  clashes.makes(swarmId);
  try {
    await intent.prepare?.(engine);
    const created = await createOnEngine(engine, {
      ...intent,
      body: bodyForEngine(cluster, engine, body, swarmId, replaces),
      signal,
      supply: (on, missing) => supply.bring(on, missing),
    });
    engine.noteSuccess();
    return created;
  } catch (error) {
    clashes.failed(swarmId);
    if (error instanceof ClientShouldPull) {
      supply.expectPull(engine);
      throw error;
    }
    // Such as of a network: the docker command line pulls then, too.
    if (error instanceof EngineResponseError && error.status === 404) supply.expectPull(engine);
    if (error instanceof EngineUnreachableError) engine.noteFailure(error);
    log.error({ error: errorText(error), NodeID: engine.id, NodeName: engine.name }, messages.createFailed);
    throw error;
  } finally {
    cluster.release(reservation);
  }
}

function place(cluster: Cluster, { request, swarmId, body }: CreateIntent, preferred: Engine | undefined) {
  const labels = body.Labels ?? {};
  if (preferred !== undefined) {
    const others = [...cluster.members()].filter((engine) => engine !== preferred).map(({ id }) => id);
    const excludedEngines = new Set([...request.excludedEngines, ...others]);
    const placed = cluster.place({ ...request, excludedEngines }, swarmId, labels);
    if (placed.kind === "placed") return placed;
  }
  return cluster.place(request, swarmId, labels);
}

/** A request the engine understood and refused will be refused again; one whose fate is unknown may have made a container. */
function isFinal(error: unknown): boolean {
  if (error instanceof NoPrimaryError) return true;
  if (error instanceof EngineUnreachableError) return !neverArrived(error);
  const { status } = error as { status?: unknown };
  return typeof status === "number" && status >= 400 && status < 500;
}
