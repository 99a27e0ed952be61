import type { Case } from "./cases.ts";
import type { PendingMove } from "./ports.ts";
import type { WorkState } from "./work-queue.ts";

/** The row of a case (docs/rescheduling.md lists the states). @param work what is being done about it */
export function rowOf({ wanted, sinceMs, stage }: Case, work: WorkState | undefined): PendingMove {
  const { swarmId, name, last } = wanted;
  const row = {
    swarmId,
    name,
    containerId: last.containerId,
    from: last.node,
    reason: "node-failure",
    sinceMs,
    attempts: work?.attempts ?? 0,
  } as const;
  if (work !== undefined) {
    const { running, lastError, nextTryMs } = work;
    return { ...row, state: running ? "moving" : "waiting", lastError, nextTryMs };
  }
  switch (stage.kind) {
    case "working":
      return { ...row, state: "waiting", lastError: "", nextTryMs: undefined };
    case "waiting":
      return { ...row, state: "waiting", lastError: stage.why, nextTryMs: stage.untilMs };
    case "held":
      return { ...row, state: "held", lastError: stage.why, nextTryMs: undefined };
  }
}
