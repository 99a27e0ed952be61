import type { Engine } from "../cluster/engine.ts";
import { ApiError } from "../errors.ts";
import { hijack, type HijackRequest } from "../proxy/hijack.ts";
import { takeOver } from "../proxy/dispatch-upgrade.ts";
import { engineLost } from "./engine-lost.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Joins the client's connection to the engine's for a raw stream. A request whose connection cannot be had (a Node on which old
 * clients' streams are not recognised) is told so.
 * @param path unversioned, with query
 * @throws ApiError 500 when the engine could not be reached and the client has no answer yet
 */
export async function takeConnection(
  exchange: Exchange,
  engine: Engine,
  path: string,
  options: Pick<HijackRequest, "onEstablished" | "farewell"> = {},
): Promise<void> {
  const taken = takeOver(exchange.res);
  if (taken === undefined) {
    throw new ApiError(
      400,
      "this endpoint needs a connection upgrade: send Connection: Upgrade and Upgrade: tcp",
    );
  }
  const outcome = await hijack({
    req: exchange.req,
    socket: taken.socket,
    head: taken.head,
    target: engine,
    path: engine.versionedPath(exchange.clientVersion, path),
    legacy: exchange.req.headers.upgrade === undefined,
    ...options,
    onAnswered: (status) => exchange.audit?.opened(status),
  });
  if (outcome.kind !== "engine-failed" || outcome.headersSent) return;
  taken.giveBack();
  throw engineLost(engine, outcome.error);
}
