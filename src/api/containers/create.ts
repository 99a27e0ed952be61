import { randomBytes } from "node:crypto";
import { conflict } from "../../errors.ts";
import { parseCreate } from "../../scheduler/request.ts";
import { SWARM_ID_LABEL } from "../../cluster/container-record.ts";
import { header, sendJson, type Exchange } from "../exchange.ts";
import type { Services } from "../services.ts";
import { readCreateBody } from "./create-body.ts";
import type { CreateIntent } from "./create-intents.ts";
import { createWithRetries } from "./create-attempts.ts";
import { withLocalNetworks } from "./local-networks.ts";
import { withLocalVolumes } from "./local-volumes.ts";
import { requiredImages } from "./required-images.ts";

/** `POST /containers/create`: read, place, create on the chosen engine (spec: scheduling.md §3, §8; api.md §7.3). */
export async function create(services: Services, exchange: Exchange): Promise<void> {
  const { cluster, config, intents } = services;
  const { res, query } = exchange;
  const gone = new AbortController();
  res.once("close", () => gone.abort());

  const given = await readCreateBody(exchange.req);
  const name = (query.get("name") ?? "").replace(/^\//, "");
  const parsed = parseCreate(name, given, config.cluster);
  const withVolumes = withLocalVolumes(cluster, parsed.body, parsed.request.constraints);
  const { body, constraints } = withLocalNetworks(cluster, withVolumes.body, withVolumes.constraints);
  const request = {
    ...parsed.request,
    constraints,
    requiredImages: requiredImages(cluster, body.Image ?? ""),
  };
  const intent: CreateIntent = {
    request,
    body,
    swarmId: body.Labels?.[SWARM_ID_LABEL] ?? newSwarmId(services),
    query: exchange.rawQuery.replace(/^\?/, ""),
    clientVersion: exchange.clientVersion,
    registryAuth: header(exchange.req, "x-registry-auth"),
  };
  const created = await createWithRetries(services, intent, gone.signal);
  if (request.portBindings.some(({ hostPort }) => hostPort !== "")) intents.set(created.Id, intent);
  sendJson(res, 201, { Id: created.Id, Warnings: [...created.Warnings, ...parsed.warnings] });
}

/** 64 hex digits that mean nothing yet. */
function newSwarmId({ cluster }: Services): string {
  for (;;) {
    const id = randomBytes(32).toString("hex");
    if (cluster.containers.resolve(id) === undefined) return id;
  }
}

/** The 409 of a name that is in use anywhere in the cluster; clients match its text. */
export const nameConflict = (name: string) =>
  conflict(
    `Conflict: The name ${name} is already assigned. You have to delete (or rename) that container to be able to assign ${name} to a container again.`,
  );
