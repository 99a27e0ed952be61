import type { ClientAction, Operation, Outcome } from "../live/chaos/clients/history.ts";

/** An answer with this status. */
export const answered = (status: number, message = ""): Outcome => ({ kind: "answered", status, message });
export const cut: Outcome = { kind: "cut", error: "ECONNRESET" };
export const unsent: Outcome = { kind: "unsent", error: "ECONNREFUSED" };

/** An operation on `web#1`, called `web`, that takes ten milliseconds. */
export function operation(
  action: ClientAction,
  outcome: Outcome | undefined = answered(204),
  changes: Partial<Operation> = {},
): Operation {
  const beganMs = changes.beganMs ?? 0;
  return {
    action,
    token: "web#1",
    name: "web",
    policy: true,
    manager: "manager-1",
    beganMs,
    end: { atMs: beganMs + 10, outcome },
    ...changes,
  };
}
