import { fateOf } from "./history.ts";
import type { Operation } from "./history.ts";

export type RunState = "absent" | "stopped" | "running";

/** What its client may find of a container: one state if all answers were clear, else several. */
export interface Intent {
  readonly token: string;
  readonly policy: boolean;
  readonly states: ReadonlySet<RunState>;
  /** Names it may have. */
  readonly names: ReadonlySet<string>;
  /** A client was told that it exists. */
  readonly acknowledged: boolean;
}

/** How it was found when all was quiet last. */
export interface Known {
  readonly intent: Intent;
  /** Earlier operations are settled, Unix milliseconds. */
  readonly fromMs: number;
  /** What operations that were cut shortly before may yet make of it: the network delivers late. */
  readonly late: Pick<Intent, "states" | "names">;
}

/**
 * Follows one container through its operations. Sound only if, after an operation of unknown fate, its client asks for nothing else but the same again
 * until all is quiet: what was cut may still be carried out.
 * @param operations of one token, in order
 */
export function intentOf(operations: readonly Operation[], known?: Known): Intent | undefined {
  const rest = known === undefined ? operations : operations.filter(({ beganMs }) => beganMs >= known.fromMs);
  const [first] = operations;
  if (first === undefined) return known?.intent;
  let states = new Set<RunState>(known?.intent.states ?? ["absent"]);
  let names = new Set<string>(known?.intent.names ?? [first.name]);
  let acknowledged = known?.intent.acknowledged ?? false;
  for (const operation of rest) {
    const fate = fateOf(operation);
    if (fate === "refused") continue;
    const after = effects(operation, fate);
    if (fate === "done") {
      if (operation.action === "create" || operation.action === "run") acknowledged = true;
      states = new Set(after ?? states);
      if (operation.newName !== undefined) names = new Set([operation.newName]);
    } else {
      states = new Set([...states, ...(after ?? [])]);
      if (operation.newName !== undefined) names.add(operation.newName);
    }
  }
  for (const state of known?.late.states ?? []) states.add(state);
  for (const name of known?.late.names ?? []) names.add(name);
  return { token: first.token, policy: first.policy, states, names, acknowledged };
}

/** What operations of unknown fate that ended after a moment may yet make of their container. */
export function lateEffects(operations: readonly Operation[], afterMs: number): Known["late"] {
  const cut = operations.filter(
    (operation) => fateOf(operation) === "unknown" && (operation.end?.atMs ?? Infinity) >= afterMs,
  );
  return {
    states: new Set(cut.flatMap((operation) => effects(operation, "unknown") ?? [])),
    names: new Set(cut.flatMap(({ newName }) => newName ?? [])),
  };
}

/** The states it may be in because of an operation; undefined: no other than before. */
function effects({ action }: Operation, fate: "done" | "unknown"): readonly RunState[] | undefined {
  switch (action) {
    case "create":
      return ["stopped"];
    case "run":
      return fate === "done" ? ["running"] : ["stopped", "running"];
    case "start":
      return ["running"];
    case "stop":
      return ["stopped"];
    case "remove":
      return ["absent"];
    case "rename":
      return undefined;
  }
}
