import type { ContainerRecord } from "../../src/cluster/container-record.ts";
import type { Engine } from "../../src/cluster/engine.ts";
import type { WantedContainer } from "../../src/reschedule/wanted/wanted.ts";
import { fakeEngine, hex, record, type RecordParts } from "../cluster/builders.ts";

/** An engine that is healthy unless told otherwise. */
export function engineOf(name: string, { healthy = true, clockDeltaMs = 0 } = {}): Engine {
  return Object.assign(fakeEngine(name), { isHealthy: healthy, clockDeltaMs });
}

export const SWARM_ID = hex("5");

/** The container `web`, last seen running as `a…` on node-1. */
export function wanted(parts: Partial<WantedContainer> = {}): WantedContainer {
  return {
    swarmId: SWARM_ID,
    name: "web",
    policy: "on-node-failure",
    run: "running",
    last: { containerId: hex("a"), engineId: "ID-node-1", addr: "node-1:2375", node: "node-1" },
    formerIds: [],
    create: { body: { Image: "busybox" }, query: "name=web", apiVersion: undefined },
    networks: undefined,
    localNetworks: [],
    updatedMs: 0,
    ...parts,
  };
}

export interface CopyParts extends RecordParts {
  /** Default: it runs. */
  readonly status?: "running" | "exited" | "created" | "restarting" | "paused";
  /** The ID of the container it was made in place of. */
  readonly from?: string;
  readonly created?: string;
}

/** A copy of {@link wanted}. */
export function copy({ status = "running", from, created, ...parts }: CopyParts = {}): ContainerRecord {
  const made = record({
    engine: engineOf("node-1"),
    swarmId: SWARM_ID,
    ...parts,
    labels: { ...parts.labels, ...(from !== undefined && { "com.docker.swarm.rescheduled-from": from }) },
    state: {
      Status: status,
      Running: status === "running" || status === "paused",
      Paused: status === "paused",
      Restarting: status === "restarting",
      ...parts.state,
    },
  });
  return created === undefined ? made : { ...made, inspect: { ...made.inspect, Created: created } };
}
