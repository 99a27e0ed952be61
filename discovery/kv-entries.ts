import type { Entry } from "../src/store/store.ts";
import { parseAddress, withoutDuplicates } from "./address.ts";
import { oneLine } from "./one-line.ts";
import { maxAddresses } from "./pattern.ts";
import type { DiscoveryUpdate, EngineAddress } from "./types.ts";

/** A host name has at most 253 characters. */
const maxAddressLength = 300;
const maxWarnings = 20;
/** What the original's ZooKeeper library writes for a moment before the value. */
const unwritten = "\u0001";

/**
 * What the entries of a folder say. The address is the value, whatever the key is called; entries deeper down are others'. One that is no
 * address is skipped with a warning (spec: discovery.md §1.2, §4.1).
 * @param entries sorted by key
 */
export function readEntries(folder: string, entries: readonly Entry[]): DiscoveryUpdate {
  const addresses: EngineAddress[] = [];
  const faults: string[] = [];
  for (const { key, value } of entries) {
    const name = key.slice(folder.length + 1);
    if (name.includes("/") || value === "" || value === unwritten) continue;
    try {
      if (value.length > maxAddressLength) throw new Error(`a value of ${value.length} characters`);
      addresses.push(parseAddress(value));
    } catch (error) {
      faults.push(
        oneLine(`${folder}/${name} is no engine: ${(error as Error).message}`, 2 * maxAddressLength),
      );
    }
    if (addresses.length > maxAddresses) {
      return { kind: "error", error: new Error(`${folder} holds more than ${maxAddresses} addresses`) };
    }
  }
  const warnings = faults.slice(0, maxWarnings);
  if (faults.length > maxWarnings)
    warnings.push(`${folder}: ${faults.length - maxWarnings} more entries that are no engines`);
  return { kind: "entries", addresses: withoutDuplicates(addresses), warnings };
}
