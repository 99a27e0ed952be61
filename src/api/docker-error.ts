import { EngineResponseError, EngineUnreachableError } from "../docker/engine-client.ts";
import { ApiError } from "../errors.ts";
import { InvalidRequestError } from "../scheduler/wire.ts";

export interface DockerError {
  readonly status: number;
  readonly body: { readonly message: string };
  /** A bug of ours rather than news for the client. */
  readonly unexpected: boolean;
}

/**
 * Docker's error body, `{"message": "…"}`. The only place that turns an error into a status (spec: api.md §1.1, A1).
 * @param nodeAt the name of the node at an address: an engine that could not be reached is named by it
 */
export function toDockerError(
  error: unknown,
  nodeAt: (addr: string) => string | undefined = () => undefined,
): DockerError {
  const known = (status: number, message: string): DockerError => ({
    status,
    body: { message },
    unexpected: false,
  });
  if (error instanceof ApiError || error instanceof InvalidRequestError)
    return known(error.status, error.message);
  if (error instanceof EngineResponseError) return known(error.status, error.message);
  if (error instanceof EngineUnreachableError) {
    const node = error.addr === undefined ? undefined : nodeAt(error.addr);
    return known(500, node === undefined ? error.message : `${node}: ${error.message}`);
  }
  // Express itself complains of paths that are no valid percent-encoding, and says whether its text may be shown.
  const { status, message } = error as { status?: unknown; message?: unknown };
  if (typeof status === "number" && status >= 400 && status < 500) return known(status, String(message));
  return { status: 500, body: { message: "internal error: see the manager's log" }, unexpected: true };
}
