import type { ContainerSummary, ImageSummary, NetworkSummary, Unknown, VolumeSummary } from "./types.ts";

/*
 * Entries of an engine's lists, with everything we rely on of the type we rely on: what is not becomes empty, so that one engine of an odd make
 * cannot break the lists of a whole cluster. `undefined`: the entry does not say what it is about. Proper entries are passed on as they are.
 */

type Entry<T> = (entry: unknown) => T | undefined;

/** Gives a part as it is when that will do, else what to take instead. */
type Part = (value: unknown) => unknown;
type Parts = readonly (readonly [key: string, read: Part])[];

function withParts(entry: Unknown, parts: Parts): Unknown {
  let proper = entry;
  for (const [key, read] of parts) {
    const value = read(entry[key]);
    if (value !== entry[key]) proper = { ...proper, [key]: value };
  }
  return proper;
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isObject = (value: unknown): value is Unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isMissing = (value: unknown): value is null | undefined => value === null || value === undefined;

const textOr =
  (otherwise: string): Part =>
  (value) =>
    typeof value === "string" ? value : otherwise;
const text = textOr("");
const number: Part = (value) => (typeof value === "number" ? value : 0);
const object: Part = (value) => (isMissing(value) || isObject(value) ? value : null);

/** A list without the elements that are not fit for it. */
const listOf =
  (isFit: (element: unknown) => boolean): Part =>
  (value) => {
    if (isMissing(value)) return value;
    if (!Array.isArray(value)) return null;
    const elements: unknown[] = value;
    return elements.every(isFit) ? elements : elements.filter(isFit);
  };
const texts = listOf((element) => typeof element === "string");
const objects = listOf(isObject);

const networks: Part = (value) => {
  if (isMissing(value)) return value;
  if (!isObject(value)) return null;
  const entries = Object.entries(value);
  return entries.every(([, endpoint]) => isObject(endpoint))
    ? value
    : Object.fromEntries(entries.filter(([, endpoint]) => isObject(endpoint)));
};

const SETTINGS: Parts = [["Networks", networks]];
const networkSettings: Part = (value) => {
  if (isMissing(value)) return value;
  if (!isObject(value)) return null;
  return withParts(value, SETTINGS);
};

const CONTAINER: Parts = Object.entries({
  Names: texts,
  Image: text,
  ImageID: text,
  State: text,
  Status: text,
  Created: number,
  Ports: objects,
  Mounts: objects,
  Labels: object,
  NetworkSettings: networkSettings,
});
const IMAGE: Parts = Object.entries({
  RepoTags: texts,
  RepoDigests: texts,
  Created: number,
  Size: number,
  Labels: object,
});
const NETWORK: Parts = Object.entries({ Scope: textOr("local"), Driver: text, Labels: object });
const VOLUME: Parts = Object.entries({ Driver: textOr("local"), Labels: object });

export const containerEntry: Entry<ContainerSummary> = (entry) => {
  if (!isObject(entry) || !isText(entry.Id)) return undefined;
  return withParts(entry, CONTAINER) as ContainerSummary;
};

export const imageEntry: Entry<ImageSummary> = (entry) => {
  if (!isObject(entry) || !isText(entry.Id)) return undefined;
  return withParts(entry, IMAGE) as ImageSummary;
};

export const networkEntry: Entry<NetworkSummary> = (entry) => {
  if (!isObject(entry) || !isText(entry.Id) || !isText(entry.Name)) return undefined;
  return withParts(entry, NETWORK) as NetworkSummary;
};

export const volumeEntry: Entry<VolumeSummary> = (entry) => {
  if (!isObject(entry) || !isText(entry.Name)) return undefined;
  return withParts(entry, VOLUME) as VolumeSummary;
};

/** The proper entries of what should be a list; of anything else, none. */
export function entriesOf<T>(list: unknown, read: Entry<T>): T[] {
  if (!Array.isArray(list)) return [];
  const proper: T[] = [];
  for (const entry of list as unknown[]) {
    const one = read(entry);
    if (one !== undefined) proper.push(one);
  }
  return proper;
}
