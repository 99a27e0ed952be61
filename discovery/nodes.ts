import { AddressError, parseAddress, withoutDuplicates } from "./address.ts";
import { expandPattern, maxAddresses, TooManyAddressesError } from "./pattern.ts";
import { until } from "./timing.ts";
import type { Discovery, DiscoveryUpdate, EngineAddress } from "./types.ts";

const hint = ", please check you are using the correct discovery (missing token:// ?)";

/**
 * `nodes://` and bare lists: comma separated patterns, fixed at start (spec: discovery.md §2, §8).
 * @param list what follows `nodes://`
 * @throws Error on the first element that is no address, and when there are too many
 */
export function createNodesDiscovery(list: string): Discovery {
  const addresses = parseList(list);
  return {
    notices: [],
    isKeptAlive: false,
    registrar: undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
    description: `nodes://${list}`,
    async *watch(signal): AsyncGenerator<DiscoveryUpdate> {
      if (signal.aborted) return;
      yield { kind: "entries", addresses, warnings: [] };
      await until(signal);
    },
  };
}

function parseList(list: string): readonly EngineAddress[] {
  const addresses: EngineAddress[] = [];
  for (const element of list.split(",")) {
    for (const text of expandPattern(element.trim(), maxAddresses - addresses.length)) {
      if (addresses.length === maxAddresses) throw new TooManyAddressesError(`nodes://${list}`);
      addresses.push(parseElement(text));
    }
  }
  return withoutDuplicates(addresses);
}

function parseElement(text: string): EngineAddress {
  try {
    return parseAddress(text);
  } catch (error) {
    if (error instanceof AddressError) throw new Error(error.message + hint, { cause: error });
    throw error;
  }
}
