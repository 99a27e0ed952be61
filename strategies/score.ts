import type { Candidate, PlacementRequest } from "../src/scheduler/types.ts";

/** Above this a node is too full for the request. */
const FULL = 100;

/**
 * How full, in truncated percent, one resource would be (spec: scheduling.md §7.2); 100 when none is asked for, so that full nodes
 * still take containers without limits; `Infinity` when the node is smaller than the request.
 */
export function loadPercent(requested: number, used: number, total: number): number {
  if (total < requested) return Infinity;
  return requested <= 0 ? FULL : Math.trunc(((used + requested) * 100) / total);
}

/** Memory after placing the request. */
export const memoryPercent = ({ memoryBytes }: PlacementRequest, candidate: Candidate): number =>
  loadPercent(memoryBytes, candidate.usedMemoryBytes, candidate.totalMemoryBytes);

/** CPUs after placing the request. */
export const cpuPercent = ({ cpus }: PlacementRequest, candidate: Candidate): number =>
  loadPercent(cpus, candidate.usedCpus, candidate.totalCpus);

/** Has this resource room, as `memoryPercent` or `cpuPercent` tells it? */
export const hasRoom = (percent: number): boolean => percent <= FULL;

/** Has the candidate room for the request? */
export const fits = (request: PlacementRequest, candidate: Candidate): boolean =>
  hasRoom(memoryPercent(request, candidate)) && hasRoom(cpuPercent(request, candidate));
