import {
  containerRecord,
  type ContainerRecord,
  type RecordOptions,
} from "../../src/cluster/container-record.ts";
import type { Engine } from "../../src/cluster/engine.ts";
import type { ContainerInspect, ContainerSummary, HostConfig } from "../../src/docker/types.ts";

/** An engine as records and indexes see it: who it is. */
export const fakeEngine = (name = "node-1", engineId = `ID-${name}`): Engine =>
  ({ name, engineId, id: `${engineId}|${name}:2375`, addr: `${name}:2375` }) as unknown as Engine;

const defaultEngine = fakeEngine();

/** 64 hex digits that start like this. */
export const hex = (start: string): string => start.padEnd(64, "0");

export interface RecordParts {
  readonly id?: string;
  readonly engine?: Engine;
  /** The first is the name proper. */
  readonly names?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly swarmId?: string;
  readonly formerIds?: readonly string[];
  readonly state?: Partial<ContainerInspect["State"]>;
  readonly host?: HostConfig;
  readonly ports?: NonNullable<ContainerInspect["NetworkSettings"]>["Ports"];
  readonly exposed?: readonly string[];
  readonly options?: Partial<RecordOptions>;
}

/** A container's inspect answer: created, running and unremarkable. */
export function inspected(parts: RecordParts = {}): ContainerInspect {
  const { id = hex("a"), names = ["web"], labels = {}, swarmId, formerIds } = parts;
  return {
    Id: id,
    Created: "2024-01-01T00:00:00Z",
    Name: `/${names[0] ?? ""}`,
    Image: "sha256:1",
    State: {
      Status: "running",
      Running: true,
      Paused: false,
      Restarting: false,
      Dead: false,
      ExitCode: 0,
      StartedAt: "2024-01-01T00:00:01Z",
      FinishedAt: "0001-01-01T00:00:00Z",
      ...parts.state,
    },
    HostConfig: parts.host ?? {},
    Config: {
      Image: "busybox",
      Labels: {
        ...labels,
        ...(swarmId !== undefined && { "com.docker.swarm.id": swarmId }),
        ...(formerIds !== undefined && {
          "com.docker.swarm.replaces": JSON.stringify({ swarm: swarmId ?? "", ids: formerIds }),
        }),
      },
      ...(parts.exposed && { ExposedPorts: Object.fromEntries(parts.exposed.map((key) => [key, {}])) }),
    },
    NetworkSettings: { Ports: parts.ports ?? null },
  };
}

/** The list entry of the same container. */
export function summarised(parts: RecordParts = {}): ContainerSummary {
  const inspect = inspected(parts);
  return {
    Id: inspect.Id,
    Names: (parts.names ?? ["web"]).map((name) => `/${name}`),
    Image: "busybox",
    State: inspect.State.Status,
    Status: "Up 3 minutes",
    Ports: [],
  } as unknown as ContainerSummary;
}

export const record = (parts: RecordParts = {}): ContainerRecord =>
  containerRecord(parts.engine ?? defaultEngine, summarised(parts), inspected(parts), {
    engineCpus: 4,
    countMemoryReservation: false,
    ...parts.options,
  });
