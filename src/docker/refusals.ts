import { EngineResponseError } from "./engine-client.ts";

/** What engines say when they refuse; their statuses alone do not tell. */

/** The engine, or its kernel, refused a host port at start. */
export const isPortTaken = (error: unknown): error is EngineResponseError =>
  error instanceof EngineResponseError &&
  /port is already allocated|address already in use|ports are not available|failed to bind host port/i.test(
    error.message,
  );

/** A network still, or already, has an endpoint of the container's name. */
export const isEndpointTaken = (error: unknown): error is EngineResponseError =>
  error instanceof EngineResponseError &&
  /endpoint with name .* already exists|already attached to network/i.test(error.message);

/** What is to go is not there: a container, an endpoint, a network. */
export const isMissing = (error: unknown): boolean =>
  error instanceof EngineResponseError &&
  (error.status === 404 || /is not connected to (the )?network|endpoint .* not found/i.test(error.message));

/** A network of that name exists. */
export const isNetworkTaken = (error: unknown): boolean =>
  error instanceof EngineResponseError && /network with name .* already exists/i.test(error.message);

/** The addresses of a network are in use on that machine. */
export const isPoolTaken = (error: unknown): boolean =>
  error instanceof EngineResponseError &&
  /pool overlaps|address space|could not find an available, non-overlapping/i.test(error.message);

/** The ID of the container that holds a name a create asked for, on the engine that refused it. */
export function nameHolder(error: unknown): string | undefined {
  if (!(error instanceof EngineResponseError) || error.status !== 409) return undefined;
  return /already in use by container "?([0-9a-f]{64})"?/.exec(error.message)?.[1];
}
