import { runs } from "../../cluster/better-copy.ts";
import type { ContainerRecord } from "../../cluster/container-record.ts";
import { localNetworksOf } from "./endpoints.ts";
import { withoutOwnLabels } from "./from-inspect.ts";
import { placeOf } from "./home.ts";
import type { WantedContainer, WantedCreate } from "./wanted.ts";

/** What is wanted of a container that was just created, as far as its create and its engine's first look at it say. */
export function firstRecord(
  record: ContainerRecord,
  about: Pick<WantedContainer, "swarmId" | "policy"> & {
    readonly create: WantedCreate;
    /** Unix milliseconds. */
    readonly nowMs: number;
  },
): WantedContainer {
  const { swarmId, policy, create, nowMs } = about;
  const { body } = create;
  const labels = body.Labels ?? undefined;
  return {
    swarmId,
    name: record.names[0] ?? "",
    policy,
    run: runs(record) ? "running" : "stopped",
    last: placeOf(record),
    formerIds: record.formerIds,
    create: {
      body: labels === undefined ? body : { ...body, Labels: withoutOwnLabels(labels) },
      query: storedQuery(create.query),
      apiVersion: create.apiVersion,
    },
    networks: undefined,
    localNetworks: localNetworksOf(
      Object.keys(record.summary.NetworkSettings?.Networks ?? {}),
      record.engine.cache.inventory.networks,
    ),
    updatedMs: nowMs,
  };
}

/** What of a create's query makes a container what it is. */
function storedQuery(query: string): string {
  const given = new URLSearchParams(query);
  const kept = new URLSearchParams();
  for (const key of ["name", "platform"]) {
    const value = given.get(key);
    if (value !== null && value !== "" && value.length <= 1024) kept.set(key, value);
  }
  return kept.toString();
}
