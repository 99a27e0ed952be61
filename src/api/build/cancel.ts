import { ApiError, badRequest } from "../../errors.ts";
import { clientLeft } from "../client-left.ts";
import { sendStatus, type Exchange } from "../exchange.ts";
import type { Services } from "../services.ts";
import { BUILD_WAIT_MS } from "./builders.ts";

/** `POST /build/cancel?id=…`: ends a BuildKit build, wherever it is; one that is about to start is waited for (spec: api.md §8.2). */
export async function cancel({ cluster, builders }: Services, exchange: Exchange): Promise<void> {
  const id = exchange.query.get("id") ?? "";
  if (id === "") throw badRequest("build ID not provided");
  const addr = await builders.builds.wait(id, BUILD_WAIT_MS, clientLeft(exchange.res));
  const engine = addr === undefined ? undefined : cluster.engineAt(addr);
  if (engine === undefined) throw new ApiError(500, "timeout waiting for build to start");
  await engine.client.send(
    "POST",
    engine.versionedPath(exchange.clientVersion, `/build/cancel${exchange.rawQuery}`),
  );
  sendStatus(exchange.res, 200);
}
