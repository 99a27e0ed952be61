import { badRequest } from "../../errors.ts";
import type { NodeChange } from "../../nodes/node-change.ts";
import { AVAILABILITIES, isAvailability } from "../../nodes/node-entry.ts";
import { clip } from "../../scheduler/clip.ts";
import { withProperKeys } from "../go-keys.ts";

const KEYS = ["Availability", "LabelAdd", "LabelRemove", "DrainDeadlineSeconds"] as const;

/**
 * Reads the body of a node's update; a field that is absent or null changes nothing.
 * @throws ApiError 400
 */
export function readNodeChange(json: Readonly<Record<string, unknown>>): NodeChange {
  const body = withProperKeys(json, KEYS);
  // A change that is silently not made is worse than a refusal.
  const unknown = Object.keys(body).find((key) => !KEYS.some((known) => known === key));
  if (unknown !== undefined)
    throw badRequest(`unknown field ${JSON.stringify(clip(unknown))}: there are ${KEYS.join(", ")}`);
  const { Availability, LabelAdd, LabelRemove, DrainDeadlineSeconds } = body;
  return {
    ...(isGiven(Availability) && { availability: availability(Availability) }),
    ...(isGiven(LabelAdd) && { addLabels: addedLabels(LabelAdd) }),
    ...(isGiven(LabelRemove) && { removeLabels: removedLabels(LabelRemove) }),
    ...(isGiven(DrainDeadlineSeconds) && { drainDeadlineMs: deadlineMs(DrainDeadlineSeconds) }),
  };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function availability(value: unknown): NonNullable<NodeChange["availability"]> {
  if (isAvailability(value)) return value;
  throw badRequest(`invalid availability ${clip(JSON.stringify(value))}: use ${AVAILABILITIES.join(", ")}`);
}

function addedLabels(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badRequest("LabelAdd is an object of texts");
  const entries = Object.entries(value).map(([key, text]: [string, unknown]): [string, string] => {
    if (typeof text !== "string")
      throw badRequest(`LabelAdd: the value of ${JSON.stringify(clip(key))} is not a text`);
    return [key, text];
  });
  return Object.fromEntries(entries);
}

function removedLabels(value: unknown): readonly string[] {
  const keys: readonly unknown[] = Array.isArray(value) ? value : [undefined];
  return keys.map((key) => {
    if (typeof key !== "string") throw badRequest("LabelRemove is a list of texts");
    return key;
  });
}

function deadlineMs(value: unknown): number {
  if (typeof value === "number") return value * 1_000;
  throw badRequest("DrainDeadlineSeconds is a number");
}
