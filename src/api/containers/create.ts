import { parseCreate } from "../../scheduler/request.ts";
import { RESCHEDULED_FROM_LABEL, SWARM_ID_LABEL } from "../../cluster/container-record.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import { clientLeft } from "../client-left.ts";
import { header, sendJson, type Exchange } from "../exchange.ts";
import type { Services } from "../services.ts";
import { withAnchors } from "./anchors.ts";
import { readCreateBody } from "./create-body.ts";
import { createClient } from "./create-client.ts";
import type { CreateIntent } from "./create-intents.ts";
import { createWithRetries } from "./create-attempts.ts";
import type { CreatedContainer } from "./create-on-engine.ts";
import { withLocalNetworks } from "./local-networks.ts";
import { withLocalVolumes } from "./local-volumes.ts";
import { randomId } from "./random-id.ts";
import { requiredImages } from "./required-images.ts";
import type { VolumeTurns } from "./volume-turns.ts";

/** `POST /containers/create`: read, place, create on the chosen engine (spec: scheduling.md §3, §8; api.md §7.3). */
export async function create(services: Services, turns: VolumeTurns, exchange: Exchange): Promise<void> {
  const { cluster, config, intents, log } = services;
  const { res, query } = exchange;
  const left = clientLeft(res);

  const given = await readCreateBody(exchange.req);
  const name = (query.get("name") ?? "").replace(/^\//, "");
  const parsed = parseCreate(name, withoutOurs(given), config.cluster);
  if (name !== "") await services.absent.known();
  using _turn = await turns.take(cluster, parsed.body, left);
  const withVolumes = withLocalVolumes(cluster, parsed.body, parsed.request.constraints);
  const withNetworks = withLocalNetworks(cluster, withVolumes.body, withVolumes.constraints);
  const anchored = withAnchors(cluster, config.cluster.rules, withVolumes.body, withNetworks);
  const { body, constraints, localNetworks } = anchored;
  const request = {
    ...parsed.request,
    constraints,
    localNetworks,
    requiredImages: requiredImages(cluster, body.Image ?? ""),
  };
  const givenId = body.Labels?.[SWARM_ID_LABEL];
  const swarmId = givenId ?? newSwarmId(services);
  const intent: CreateIntent = {
    request,
    body,
    swarmId,
    // Of an ID that the client chose others may be, too.
    orphaned: givenId === undefined ? (engine) => services.orphans.add(swarmId, engine) : undefined,
    query: exchange.rawQuery.replace(/^\?/, ""),
    clientVersion: exchange.clientVersion,
    registryAuth: header(exchange.req, "x-registry-auth"),
    recheck: exchange.recheck,
  };
  let created: CreatedContainer;
  try {
    created = await createWithRetries(services, intent, left, createClient(exchange, given));
  } catch (error) {
    if (!left.aborted) throw error;
    log.info({ image: body.Image, name }, "the client left before its container was created");
    return;
  }
  if (request.portBindings.some(({ hostPort }) => hostPort !== "")) intents.set(created.Id, intent);
  const record = cluster.containers.byId(created.Id);
  exchange.audit?.note({
    container: created.Id,
    node: record?.engine.name ?? "",
    image: body.Image ?? "",
  });
  const { query: createQuery, clientVersion: apiVersion } = intent;
  const remembered =
    record === undefined
      ? []
      : await services.wishes.created(record, { body: parsed.body, query: createQuery, apiVersion });
  sendJson(res, 201, { Id: created.Id, Warnings: [...created.Warnings, ...parsed.warnings, ...remembered] });
}

/** What we say of copies we make: of a body that was read off such a copy it is not true. */
function withoutOurs(body: ContainerCreateBody): ContainerCreateBody {
  if (body.Labels?.[RESCHEDULED_FROM_LABEL] === undefined) return body;
  const { [RESCHEDULED_FROM_LABEL]: _claimed, ...Labels } = body.Labels;
  return { ...body, Labels };
}

/** 64 hex digits that mean nothing yet. */
function newSwarmId({ cluster }: Services): string {
  for (;;) {
    const id = randomId();
    if (cluster.containers.resolve(id) === undefined) return id;
  }
}
