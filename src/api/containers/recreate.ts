import { ApiError, errorText } from "../../errors.ts";
import type { Cluster } from "../../cluster/cluster.ts";
import type { ContainerCreateBody } from "../../docker/types.ts";
import type { Recreate, RecreateOrder } from "../../reschedule/ports.ts";
import { parseCreate } from "../../scheduler/request.ts";
import { livingNetworkGroups } from "../nodes.ts";
import type { Services } from "../services.ts";
import { withAnchors } from "./anchors.ts";
import { createWithRetries } from "./create-attempts.ts";
import type { CreateIntent } from "./create-intents.ts";
import { DENIED } from "./create-on-engine.ts";
import { withLocalNetworks } from "./local-networks.ts";
import { withLocalVolumes } from "./local-volumes.ts";
import { requiredImages } from "./required-images.ts";

/**
 * A create on the manager's own account: placed and retried as a client's, the image brought along as for theirs, but without registry credentials.
 * What only a lost engine has, such as a network, ties the container to nothing; a volume that its user named with the node does.
 * The engine gets one network of the body, the one the container is made in: engines before API 1.44 take no more. The others count for
 * the placement, and are for the caller to connect.
 * @see node-lifecycle.md §7.2
 */
export async function recreate(services: Services, order: RecreateOrder): ReturnType<Recreate> {
  const { cluster } = services;
  const intent = intentOf(services, order);
  let containerId: string;
  try {
    ({ Id: containerId } = await createWithRetries(services, intent, order.signal));
  } catch (error) {
    throw error instanceof ApiError && DENIED.test(error.message)
      ? withoutCredentials(intent.body.Image ?? "", error)
      : error;
  }
  const record = cluster.containers.byId(containerId);
  if (record === undefined)
    throw new ApiError(500, `container ${containerId} was created, and is gone again`);
  return { engine: record.engine, containerId };
}

function intentOf({ cluster, config }: Services, order: RecreateOrder): CreateIntent {
  const parsed = parseCreate("", order.body, config.cluster);
  const excludedEngines = excluded(cluster, order);
  const living = () => livingNetworkGroups(cluster, excludedEngines);
  const withVolumes = withLocalVolumes(cluster, parsed.body, parsed.request.constraints);
  const withNetworks = withLocalNetworks(cluster, withVolumes.body, withVolumes.constraints, living);
  const { rules } = config.cluster;
  const anchored = withAnchors(cluster, rules, withVolumes.body, withNetworks, living);
  const { wanted, query, fence, replaces, prepare } = order;
  return {
    request: {
      ...parsed.request,
      constraints: anchored.constraints,
      localNetworks: anchored.localNetworks,
      requiredImages: requiredImages(cluster, anchored.body.Image ?? ""),
      excludedEngines,
    },
    body: inOneNetwork(anchored.body),
    swarmId: wanted.swarmId,
    query,
    clientVersion: wanted.create.apiVersion,
    registryAuth: undefined,
    recheck: fence,
    replaces,
    prepare,
  };
}

function excluded(cluster: Cluster, { excludedEngines, target }: RecreateOrder): ReadonlySet<string> {
  if (target === undefined) return excludedEngines;
  const others = [...cluster.members()].filter((engine) => engine !== target).map(({ id }) => id);
  return new Set([...excludedEngines, ...others]);
}

/** The body with the endpoint of its network mode and no other. */
function inOneNetwork(body: ContainerCreateBody): ContainerCreateBody {
  const { NetworkingConfig: networking, HostConfig: host } = body;
  const endpoints = Object.entries(networking?.EndpointsConfig ?? {});
  const own = endpoints.filter(([name]) => name === host?.NetworkMode);
  if (own.length === endpoints.length) return body;
  return { ...body, NetworkingConfig: { ...networking, EndpointsConfig: Object.fromEntries(own) } };
}

const withoutCredentials = (image: string, cause: unknown): ApiError =>
  new ApiError(
    500,
    `${errorText(cause)} (registry credentials are not stored: pull ${image} on the nodes, or remove the container and create it again)`,
    { cause },
  );
