import { MANAGERS_FOLDER } from "./keys.ts";
import { leaderAddress } from "./leader-address.ts";

/** What a manager says of itself in the store. */
export interface PeerEntry {
  /** `--advertise`. */
  readonly address: string;
  /** Chosen at random at every start: tells two managers of one address apart. */
  readonly instance: string;
  readonly role: "primary" | "replica";
  readonly version: string;
  /** Unix milliseconds by its own clock. */
  readonly startedMs: number;
}

/** Longer entries are nobody's: ours have about 200 characters. */
const longestValue = 2_000;

/** The key of a manager. Slashes, and the `_` at the beginning that stores keep for themselves, are escaped. */
export function peerKey(address: string): string {
  return `${MANAGERS_FOLDER}/${encodeURIComponent(address).replace(/^_/, "%5F")}`;
}

/** JSON, names as in the operator API. */
export function peerValue({ address, instance, role, version, startedMs }: PeerEntry): string {
  return JSON.stringify({
    Address: address,
    Instance: instance,
    Role: role,
    Version: version,
    StartedAt: new Date(startedMs).toISOString(),
  });
}

/** Reads an entry; undefined: no manager of ours wrote that, or not under this key. */
export function readPeer(key: string, value: string): PeerEntry | undefined {
  if (value.length > longestValue) return undefined;
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = Object(JSON.parse(value)) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
  const { Address: address, Instance: instance, Role: role, Version: version, StartedAt: started } = fields;
  if (typeof address !== "string" || leaderAddress(address) !== address || peerKey(address) !== key) {
    return undefined;
  }
  if (typeof instance !== "string" || !/^[\w-]{1,64}$/.test(instance)) return undefined;
  if (role !== "primary" && role !== "replica") return undefined;
  if (typeof version !== "string" || !/^[\x20-\x7e]{0,100}$/.test(version)) return undefined;
  const startedMs = typeof started === "string" ? Date.parse(started) : Number.NaN;
  if (Number.isNaN(startedMs)) return undefined;
  return { address, instance, role, version, startedMs };
}
