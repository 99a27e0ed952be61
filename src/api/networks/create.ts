import type { Cluster } from "../../cluster/cluster.ts";
import type { Engine } from "../../cluster/engine.ts";
import { EngineResponseError, EngineUnreachableError } from "../../docker/engine-client.ts";
import type { Unknown } from "../../docker/types.ts";
import { ApiError } from "../../errors.ts";
import { stringField, stringMapField } from "../../scheduler/wire.ts";
import { acceptedEngines, nodeConstraint, splitNodeName } from "../accepted-engines.ts";
import { attended } from "../attended.ts";
import { sendJson, type Exchange } from "../exchange.ts";
import { failureText } from "../fan-out.ts";
import { withProperKeys } from "../go-keys.ts";
import { readJsonObject } from "../json-body.ts";
import { neverArrived } from "../never-arrived.ts";
import type { Services } from "../services.ts";
import { PROJECT_LABEL } from "../views/compose-labels.ts";
import { withConfigSource } from "./config-source.ts";
import { addToAll, isGlobal, refreshNetworks } from "./known-networks.ts";
import type { ProjectHomes } from "./project-homes.ts";

const KEYS = ["Name", "Driver", "Labels", "ConfigFrom"];

/**
 * `POST /networks/create`: on the scheduler's best node, or the one named `node/name` (images-networks-volumes.md §2.4). What the body says
 * beyond that is the engine's business, and its status, warning and error text are the answer (A19).
 */
export async function create({ cluster }: Services, homes: ProjectHomes, exchange: Exchange): Promise<void> {
  const json = withProperKeys(await readJsonObject(exchange.req), KEYS);
  const { body: given, node: source } = withConfigSource(cluster, json);
  const { node = source, name } = splitNodeName(stringField(given, "Name"));
  const project = stringMapField(given, "Labels")[PROJECT_LABEL] ?? "";
  const driver = stringField(given, "Driver");

  const follows = node === undefined && project !== "" && driver !== "overlay";
  const home = follows ? homes.of(active(cluster), project) : undefined;
  const anywhere = acceptedEngines(
    cluster,
    node === undefined ? {} : { constraints: [nodeConstraint(cluster, node)] },
  );
  const atHome = home === undefined ? [] : acceptedEngines(cluster, { constraints: [`node==~${home.name}`] });
  const accepted = [...new Set([...atHome, ...anywhere])];
  const spanning = driver === "" ? accepted.filter(({ spansNetworks }) => spansNetworks) : [];
  const body = { ...given, Name: name, ...(spanning.length === 0 ? {} : { Driver: "overlay" }) };

  const answer = await onFirst(spanning.length === 0 ? accepted : spanning, async (engine) => {
    const made = homes.making(project, engine);
    try {
      const path = engine.versionedPath(exchange.clientVersion, `/networks/create${exchange.rawQuery}`);
      const call = engine.client.request<Unknown | null>({ method: "POST", path, body });
      const created = await attended(engine, call);
      if (created === null) throw new EngineResponseError(500, `${engine.name} answered without a network`);
      await learn(cluster, engine, created.Id);
      return created;
    } finally {
      made();
    }
  });
  sendJson(exchange.res, 201, answer);
}

/** A project whose node takes nothing new has its home elsewhere. */
const active = (cluster: Cluster): readonly Engine[] =>
  [...cluster.healthy()].filter(({ availability }) => availability === "active");

/** Asks one engine after another, as long as nobody is there. */
async function onFirst<T>(engines: readonly Engine[], ask: (engine: Engine) => Promise<T>): Promise<T> {
  for (const [at, engine] of engines.entries()) {
    try {
      const answer = await ask(engine);
      engine.noteSuccess();
      return answer;
    } catch (error) {
      if (!(error instanceof EngineUnreachableError)) throw error;
      engine.noteFailure(error);
      if (!neverArrived(error) || at === engines.length - 1)
        throw new ApiError(500, failureText({ engine, error }), { cause: error });
    }
  }
  throw new TypeError("there is no engine to ask");
}

/** What comes next, such as a container that joins it, finds the network. */
async function learn(cluster: Cluster, engine: Engine, id: unknown): Promise<void> {
  await refreshNetworks(engine);
  const network = engine.cache.inventory.networks.find(({ Id }) => Id === id);
  if (network !== undefined && isGlobal(network)) addToAll(cluster, network);
}
