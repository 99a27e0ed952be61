import type { Engine } from "../../cluster/engine.ts";
import { parseExact, stringifyExact } from "../../docker/exact-json.ts";
import { EngineResponseError } from "../../docker/engine-client.ts";
import type { Unknown } from "../../docker/types.ts";
import { sendJsonText, type Exchange } from "../exchange.ts";
import { fanOut } from "../fan-out.ts";
import { healthyEngine, networkGroups } from "../nodes.ts";
import { forwardTo } from "../owner.ts";
import type { Services } from "../services.ts";
import { mergedEndpoints } from "../views/network-endpoints.ts";
import { requireNetwork } from "../views/networks.ts";
import { addWarnings } from "../warnings.ts";

/**
 * `GET /networks/{id}`: the engine's own answer, with live endpoints and whatever `verbose` and `scope` ask for. Of a network several nodes
 * have, all are asked, and its containers brought together (images-networks-volumes.md §2.3, A17, A18).
 */
export async function inspect({ cluster }: Services, exchange: Exchange): Promise<void> {
  const { network, nodes } = requireNetwork(networkGroups(cluster), exchange.param("name"));
  const path = `/networks/${network.Id}${exchange.rawQuery}`;
  const owner = healthyEngine(cluster, nodes, `network ${network.Name}`);
  if (nodes.length === 1) {
    await forwardTo(exchange, cluster, owner, path);
    return;
  }
  const holders = nodes.flatMap(({ addr }) => cluster.engineAt(addr) ?? []);
  const engines = holders.filter(({ isHealthy }) => isHealthy);
  const lost = holders.filter(({ isHealthy }) => !isHealthy).map(({ name }) => `${name}: not healthy`);
  const { answers, failures } = await fanOut(cluster, engines, async (engine: Engine) => {
    const versioned = engine.versionedPath(exchange.clientVersion, path);
    return networkIn(await engine.client.requestText({ method: "GET", path: versioned }));
  });
  // Their containers are missing from the answer.
  addWarnings(exchange.res, [...failures, ...lost]);
  const copies = answers.map(({ answer }) => answer);
  sendJsonText(
    exchange.res,
    200,
    stringifyExact({ ...copies[0], Containers: mergedEndpoints(copies.map(({ Containers }) => Containers)) }),
  );
}

/** @throws EngineResponseError 500 when an engine's answer is no network */
function networkIn(text: string): Unknown {
  try {
    const network = parseExact(text);
    if (typeof network === "object" && network !== null && !Array.isArray(network)) return network as Unknown;
  } catch {
    // Not JSON: no network either.
  }
  throw new EngineResponseError(500, "the engine answered without a network");
}
