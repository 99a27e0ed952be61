import { allOf } from "../src/scheduler/terms.ts";
import type { Candidate, Check, Filter } from "../src/scheduler/types.ts";

/** The engine label that limits how many containers it takes. */
export const SLOTS_LABEL = "containerslots";

const INTEGER = /^[+-]?\d+$/;
const MAX_INT64 = 2 ** 63;

/** The limit an engine states; `undefined`: none, also when the label is not an integer. */
export function containerSlots(labels: ReadonlyMap<string, string>): number | undefined {
  const text = labels.get(SLOTS_LABEL);
  if (text === undefined || !INTEGER.test(text)) return undefined;
  const slots = Number(text);
  return Math.abs(slots) >= MAX_INT64 ? undefined : slots;
}

const isFull = (candidate: Candidate): boolean => {
  const slots = containerSlots(candidate.labels);
  return slots !== undefined && candidate.containerCount >= slots;
};

const check: Check = {
  conditions: ["available container slots"],
  ...allOf([{ key: SLOTS_LABEL, reads: ["node", "containers"], admits: (candidate) => !isFull(candidate) }]),
  explain: (candidate) =>
    `${candidate.containerCount} containers, ${SLOTS_LABEL}=${candidate.labels.get(SLOTS_LABEL) ?? ""}`,
};

/** Keeps engines with fewer containers than their `containerslots` label allows; all states and foreign ones count (B15). */
export const containerSlotsFilter: Filter = { name: "containerslots", prepare: () => check };
