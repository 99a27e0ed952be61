import type { ContainerCreateBody, ContainerInspect, HostConfig, Unknown } from "../../docker/types.ts";
import { cpusOf, engineCpuShares } from "../../scheduler/resources.ts";
import { asRecord } from "./shape.ts";

/** What `docker update` can change, as it is called in a create's `HostConfig`; CPU shares apart, which mean CPUs there. */
const UPDATABLE = [
  "BlkioWeight",
  "CpuPeriod",
  "CpuQuota",
  "CpuRealtimePeriod",
  "CpuRealtimeRuntime",
  "CpusetCpus",
  "CpusetMems",
  "Memory",
  "MemoryReservation",
  "MemorySwap",
  "KernelMemory",
  "NanoCpus",
  "PidsLimit",
  "RestartPolicy",
] as const;

/**
 * The create body with what `docker update` has changed on the engine since. A value the engine shows for one nobody gave is not taken over.
 * @returns the body itself when nothing has changed
 */
export function changedByUpdate(
  body: ContainerCreateBody,
  { HostConfig: shown }: ContainerInspect,
  engineCpus: number,
): ContainerCreateBody {
  const host: HostConfig = { ...body.HostConfig };
  let changed = false;
  for (const field of UPDATABLE) {
    if (meansSame(host[field], shown[field])) continue;
    host[field] = shown[field] as never;
    changed = true;
  }
  const cpus = body.HostConfig?.CpuShares ?? 0;
  const shares = typeof shown.CpuShares === "number" ? shown.CpuShares : 0;
  const given = cpus > 0 ? engineCpuShares(cpus, engineCpus) : 0;
  if (given !== shares) {
    host.CpuShares = cpusOf({ cpuShares: shares, nanoCpus: 0 }, engineCpus);
    changed = true;
  }
  return changed ? { ...body, HostConfig: host } : body;
}

/** Nothing, null, zero, an empty text and a restart policy of `no` all say nothing. */
const meansSame = (a: unknown, b: unknown): boolean => normal(a) === normal(b);

function normal(value: unknown): string {
  const { Name, MaximumRetryCount }: Unknown = asRecord(value) ?? {};
  if (typeof Name === "string")
    return Name === "no" || Name === "" ? "" : `${Name} ${Number(MaximumRetryCount ?? 0)}`;
  return value === undefined || value === null || value === 0 || value === "" ? "" : JSON.stringify(value);
}
