import type { Unknown } from "../../docker/types.ts";

/** The smallest questions about values nobody vouches for: from the store, from engines. */

export function asRecord(value: unknown): Unknown | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Unknown)
    : undefined;
}

/** 64 hex digits: a container's ID, or a swarm ID. */
export const isId = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value);

export const isText = (value: unknown, longest = 1024): value is string =>
  typeof value === "string" && value.length <= longest;

export const is =
  (type: "string" | "number" | "boolean") =>
  (value: unknown): boolean =>
    typeof value === type;
