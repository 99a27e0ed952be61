import { randomBytes } from "node:crypto";
import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { EngineResponseError } from "../../docker/engine-client.ts";
import type { Unknown } from "../../docker/types.ts";
import { readExpressionSources } from "../../scheduler/expression-sources.ts";
import { stringField, stringMapField } from "../../scheduler/wire.ts";
import { acceptedEngines, nodeConstraint, splitNodeName, type NamedOnNode } from "../accepted-engines.ts";
import { clientLeft, unlessLeft } from "../client-left.ts";
import { sendJson, type Exchange } from "../exchange.ts";
import { fanOut } from "../fan-out.ts";
import { withProperKeys } from "../go-keys.ts";
import { readJsonObject } from "../json-body.ts";
import type { Services } from "../services.ts";
import { addWarnings } from "../warnings.ts";
import { refreshVolumes } from "./known-volumes.ts";

/**
 * `POST /volumes/create`: on every healthy node under one name, on those a whitelist label accepts, or on the one named `node/name`
 * (images-networks-volumes.md §3.4). It has succeeded when one node has it; what others said is in the log (A22).
 */
export async function create(services: Services, exchange: Exchange): Promise<void> {
  const { cluster, config, log } = services;
  const given = withProperKeys(await readJsonObject(exchange.req), ["Name", "Labels"]);
  const named = splitNodeName(stringField(given, "Name"));
  const labels = stringMapField(given, "Labels");
  const { whitelists } = readExpressionSources(labels, [], config.cluster.strictLabels).lists;
  const body = named.name === "" ? anonymous(given, labels) : { ...given, Name: named.name };

  const signal = clientLeft(exchange.res);
  const asked = fanOut(cluster, chosen(cluster, named, whitelists), async (engine) => {
    const path = engine.versionedPath(exchange.clientVersion, `/volumes/create${exchange.rawQuery}`);
    const volume = await engine.client.request<Unknown | null>({ method: "POST", path, body, signal });
    if (volume === null) throw new EngineResponseError(500, "the engine answered without a volume");
    await refreshVolumes(engine);
    return volume;
  });
  const { answers, failures } = await unlessLeft(signal, asked);
  addWarnings(exchange.res, failures);
  for (const failure of failures)
    log.warn({ volume: body.Name, failure }, "a node could not create a volume");
  sendJson(exchange.res, 201, answers[0]?.answer);
}

/** Without a name it gets one here, as it must be the same everywhere; the label is what engines know such volumes by when they prune. */
function anonymous(given: Readonly<Unknown>, labels: Readonly<Record<string, string>>) {
  const Labels = { ...labels, "com.docker.volume.anonymous": "" };
  return { ...given, Name: randomBytes(32).toString("hex"), Labels };
}

/** @throws PlacementError 500 when no node fits */
function chosen(cluster: Cluster, { node }: NamedOnNode, whitelists: readonly string[]): readonly Engine[] {
  // A node that is paused or drained gets the volume as well: made later, by a container's start, it would lack driver and options.
  if (whitelists.length > 0) return acceptedEngines(cluster, { whitelists, anyAvailability: true });
  if (node !== undefined) {
    const [best] = acceptedEngines(cluster, { constraints: [nodeConstraint(cluster, node)] });
    return [best];
  }
  return [...cluster.healthy()];
}
