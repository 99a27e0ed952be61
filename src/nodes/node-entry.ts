import type { DrainTerm, NodeSettings } from "../cluster/node-settings.ts";
import { clip } from "../scheduler/clip.ts";
import type { Availability } from "../scheduler/types.ts";
import { MAX_LABELS, labelProblem } from "./node-label.ts";

/** One entry for each engine of which operators said something. Managers of the original do not look here. */
export const AVAILABILITY_FOLDER = "docker/swarm/availability";

/** The version of entries we write, and the only one we read. */
const VERSION = 1;
/** Engine IDs are 59 characters or a UUID. */
const MAX_ENGINE_ID = 128;
/** The longest entry we read, in UTF-16 units: all labels at their longest, each character escaped. */
const MAX_ENTRY = 262_144;

export const AVAILABILITIES: readonly Availability[] = ["active", "pause", "drain"];

export const isAvailability = (value: unknown): value is Availability =>
  AVAILABILITIES.some((each) => each === value);

/** Where an engine's entry is; undefined for an ID that no store takes. */
export function entryKey(engineId: string): string | undefined {
  if (engineId === "" || engineId.length > MAX_ENGINE_ID || /\p{Cs}/u.test(engineId)) return undefined;
  // No segment is `.` or `..`, and those that begin with `_` are the stores' own.
  const escaped = encodeURIComponent(engineId).replace(/^[._]/, (first) => (first === "." ? "%2E" : "%5F"));
  return `${AVAILABILITY_FOLDER}/${escaped}`;
}

/** The engine ID of an entry; undefined when it is none of ours. */
export function engineIdOf(key: string): string | undefined {
  try {
    const engineId = decodeURIComponent(key.slice(AVAILABILITY_FOLDER.length + 1));
    return entryKey(engineId) === key ? engineId : undefined;
  } catch {
    return undefined;
  }
}

/** @param node its name, for people and tools that read the store */
export function encodeEntry(settings: NodeSettings, node: string, nowMs: number): string {
  const { availability, labels, drain } = settings;
  return JSON.stringify({
    v: VERSION,
    availability,
    labels: Object.fromEntries(labels),
    ...(drain === undefined
      ? {}
      : {
          drainSince: timestamp(drain.sinceMs),
          ...(drain.deadlineMs === undefined ? {} : { drainDeadline: timestamp(drain.deadlineMs) }),
        }),
    node: clip(node, 256),
    updatedAt: timestamp(nowMs),
  });
}

const timestamp = (ms: number): string => new Date(ms).toISOString();

/** What an entry says, as far as it can be used. */
export type Decoded =
  | { readonly kind: "settings"; readonly settings: NodeSettings; readonly problems: readonly string[] }
  /** Written by a newer manager: it is not ours to change. */
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "unreadable"; readonly why: string };

/** Reads an entry. Whoever may write to the store may have written anything. */
export function decodeEntry(text: string): Decoded {
  if (text.length > MAX_ENTRY) return unreadable(`it is longer than ${MAX_ENTRY} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unreadable("it is not JSON");
  }
  if (!isObject(value)) return unreadable("it is not an object");
  const { v, availability } = value;
  if (typeof v === "number" && Number.isInteger(v) && v > VERSION) return { kind: "newer", version: v };
  if (v !== VERSION) return unreadable("it has no version we know");
  if (!isAvailability(availability)) return unreadable("its availability is none of active, pause and drain");
  const { labels, problems } = readLabels(value.labels);
  const drain = availability === "drain" ? readDrain(value) : undefined;
  return {
    kind: "settings",
    settings: { availability, labels, ...(drain === undefined ? {} : { drain }) },
    problems,
  };
}

const unreadable = (why: string): Decoded => ({ kind: "unreadable", why });

/** Labels that cannot be used are left out: what is said of availability must hold nevertheless. */
function readLabels(given: unknown): { readonly labels: Map<string, string>; readonly problems: string[] } {
  const labels = new Map<string, string>();
  const problems: string[] = [];
  if (given === undefined || given === null) return { labels, problems };
  if (!isObject(given)) return { labels, problems: ["its labels are not an object"] };
  for (const [key, value] of Object.entries(given)) {
    const text = typeof value === "string" ? value : undefined;
    const problem = text === undefined ? "the value of a label is not a text" : labelProblem(key, text);
    if (problem === undefined && labels.size === MAX_LABELS) {
      problems.push(`it has more than ${MAX_LABELS} labels`);
      break;
    }
    if (problem === undefined) labels.set(key, text ?? "");
    else if (problems.length < 3) problems.push(problem);
  }
  return { labels, problems };
}

function readDrain({ drainSince, drainDeadline }: Readonly<Record<string, unknown>>): DrainTerm | undefined {
  const sinceMs = readTime(drainSince);
  return sinceMs === undefined ? undefined : { sinceMs, deadlineMs: readTime(drainDeadline) };
}

function readTime(value: unknown): number | undefined {
  const ms = typeof value === "string" ? Date.parse(value) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
