import type {
  ContainerCreateBody,
  ContainerInspect,
  ContainerSummary,
  EngineEvent,
  HostConfig,
} from "../docker/types.ts";
import {
  MOVABLE_LABEL,
  POLICIES_LABEL,
  POLICY_LABEL,
  RESCHEDULED_FROM_LABEL,
  SWARM_ID_LABEL,
} from "./container-record.ts";
import { timestampOf } from "./told-state.ts";

/** What an engine would answer about a container, as far as we know it without asking. */
export interface ToldContainer {
  readonly summary: ContainerSummary;
  readonly inspect: ContainerInspect;
}

const NEVER = "0001-01-01T00:00:00Z";

/**
 * A container that this manager just had made, from what was asked for and the event that says it is there: the event knows the name and, with those
 * of the image, the labels.
 */
export function toldContainer(body: ContainerCreateBody, event: EngineEvent): ToldContainer {
  const { image: eventImage, name = "", ...told } = event.Actor?.Attributes ?? {};
  const id = event.Actor?.ID ?? "";
  const labels = { ...told, ...body.Labels };
  const created = timestampOf(event);
  const image = body.Image ?? eventImage ?? "";
  const networkMode = body.HostConfig?.NetworkMode ?? "default";
  return {
    summary: {
      Id: id,
      Names: [`/${name}`],
      Image: image,
      ImageID: "",
      Command: "",
      Created: Math.floor(Date.parse(created) / 1_000),
      Ports: [],
      Labels: labels,
      State: "created",
      Status: "Created",
      HostConfig: { NetworkMode: networkMode },
      NetworkSettings: { Networks: {} },
      Mounts: [],
    },
    inspect: {
      Id: id,
      Created: created,
      Name: `/${name}`,
      Image: "",
      State: {
        Status: "created",
        Running: false,
        Paused: false,
        Restarting: false,
        Dead: false,
        ExitCode: 0,
        StartedAt: NEVER,
        FinishedAt: NEVER,
      },
      HostConfig: body.HostConfig ?? {},
      Config: { Image: image, Labels: labels, ExposedPorts: body.ExposedPorts ?? null },
      NetworkSettings: { Ports: null },
    },
  };
}

/** Does the event say that this create's container is there? */
export function isCreateOf(event: EngineEvent, swarmId: string): boolean {
  return event.Actor?.Attributes?.[SWARM_ID_LABEL] === swarmId && event.Actor.Attributes.name !== undefined;
}

/**
 * Whether we need more of a container than events tell: one that is followed for rescheduling is judged by its exact state, and what a container on
 * its node's network exposes may be in its image.
 */
export function mustBeRead(
  labels: Readonly<Record<string, string>>,
  networkMode: string | undefined,
): boolean {
  return networkMode === "host" || EXACT.some((label) => labels[label] !== undefined);
}

const EXACT = [POLICIES_LABEL, POLICY_LABEL, MOVABLE_LABEL, RESCHEDULED_FROM_LABEL];

/** Whether its engine chooses host ports when it starts: placement counts those, and only the engine can say which they are. */
export function choosesPorts({ NetworkMode, PortBindings, PublishAllPorts }: HostConfig): boolean {
  if (NetworkMode === "host" || NetworkMode === "none") return false;
  const bindings = Object.values(PortBindings ?? {}).flatMap((of) => of ?? []);
  return PublishAllPorts === true || bindings.some(({ HostPort = "" }) => !/^\d+$/.test(HostPort));
}

/** Whether only the engine knows what a new container will be attached to: others are placed by its volumes and networks. */
export function attachesMore({
  HostConfig: host,
  NetworkingConfig: networking,
  Volumes,
}: ContainerCreateBody): boolean {
  const { Binds, Mounts, VolumesFrom, NetworkMode = "" } = host ?? {};
  return (
    [Binds, Mounts, VolumesFrom, Volumes, networking?.EndpointsConfig].some(isFilled) ||
    !PLAIN_NETWORKS.has(NetworkMode)
  );
}

const isFilled = (part: unknown): boolean =>
  typeof part === "object" && part !== null && Object.keys(part).length > 0;

/** Those every engine has. */
const PLAIN_NETWORKS: ReadonlySet<string> = new Set(["", "default", "bridge", "none"]);
