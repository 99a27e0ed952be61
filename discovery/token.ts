import { parseAddress, withoutDuplicates } from "./address.ts";
import { maxAddresses } from "./pattern.ts";
import { pause, until } from "./timing.ts";
import { TokenClient, type Answer } from "./token-client.ts";
import { maskToken, parseTokenPlace, serviceSetting } from "./token-place.ts";
import type { Discovery, DiscoverySettings, DiscoveryUpdate, EngineAddress } from "./types.ts";
import { oneLine } from "./one-line.ts";

/** Of a text the service sends. */
const maxText = 200;
const maxWarnings = 20;

/**
 * `token://TOKEN`, `token://HOST[:PORT][/path]/TOKEN`: the entries of a cluster at a token service, read at start and at each heartbeat
 * (spec: discovery.md §3). Malformed entries are skipped with a warning each.
 * @param wait instead of the clock, in tests
 * @throws Error for a URI, an option or a file that cannot be used, and when no service is named
 */
export function createTokenDiscovery(
  place: string,
  { heartbeatMs, options, env }: DiscoverySettings,
  wait: (ms: number, signal: AbortSignal) => Promise<void> = pause,
): Discovery {
  const { base, token, mayBePlain } = parseTokenPlace(place, serviceSetting(options, env));
  const client = new TokenClient({ base, mayBePlain, options, env, secret: token });
  const cluster = `/${token}`;
  return {
    description: `token://${base.host}${base.pathname.replace(/\/$/, "")}/${maskToken(token)}`,
    notices: [],
    isKeptAlive: true,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),

    async *watch(signal) {
      let seen: string | undefined;
      while (!signal.aborted) {
        const update = await readEntries(client, cluster, signal);
        if (update === undefined) return;
        // The order is the service's affair; after an error even the old set is news.
        const now = update.kind === "error" ? undefined : fingerprint(update);
        if (now === undefined || now !== seen) yield update;
        seen = now;
        await wait(heartbeatMs, signal);
      }
    },

    registrar: {
      async register(address, ttlMs, signal) {
        const path = `${cluster}?ttl=${Math.ceil(ttlMs / 1000)}`;
        const answer = await client.ask({ method: "POST", path, body: address }, signal);
        if (!isSuccess(answer)) throw refusal(`Failed to register ${address}`, answer);
      },
      async deregister(address, signal) {
        const path = `${cluster}/${encodeURIComponent(address)}`;
        const answer = await client.ask({ method: "DELETE", path }, signal);
        // Gone already, or a service that cannot: the entry ends with its TTL.
        if (isSuccess(answer) || [404, 405, 501].includes(answer.status)) return;
        throw refusal(`Failed to deregister ${address}`, answer);
      },
      // Asking would mean to list the whole cluster, for each of its agents.
      lost: (_address, signal) => until(signal),
    },
  };
}

/** Asks a token service for a new cluster. @throws Error when it cannot be reached, refuses, or answers something else */
export async function createCluster(client: TokenClient, signal?: AbortSignal): Promise<string> {
  const ask = { method: "POST", path: "" } as const;
  const answer = await client.ask(ask, signal);
  if (!isSuccess(answer)) throw refusal(client.name(ask), answer);
  const token = answer.text.trim();
  if (!/^[\w-]{8,128}$/.test(token)) {
    throw new Error(`${client.name(ask)}: the answer is no token: ${JSON.stringify(token.slice(0, 60))}`);
  }
  return token;
}

/** undefined: the signal aborted. */
async function readEntries(
  client: TokenClient,
  path: string,
  signal: AbortSignal,
): Promise<DiscoveryUpdate | undefined> {
  try {
    const { status, text } = await client.ask({ method: "GET", path }, signal);
    if (status !== 200) {
      throw new Error(`Failed to fetch entries, Discovery service returned ${status} HTTP status code`);
    }
    return interpret(decode(text));
  } catch (error) {
    if (signal.aborted) return undefined;
    return { kind: "error", error: error as Error };
  }
}

function decode(text: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`Failed to decode response: ${(error as Error).message}`, { cause: error });
  }
  if (value === null) return [];
  if (!Array.isArray(value)) throw new Error("Failed to decode response: not a list of addresses");
  return value;
}

function interpret(entries: readonly unknown[]): DiscoveryUpdate {
  const addresses: EngineAddress[] = [];
  const faults: string[] = [];
  for (const entry of entries) {
    if (entry === "") continue;
    try {
      if (typeof entry !== "string") throw new Error("not a text");
      addresses.push(parseAddress(entry));
    } catch (error) {
      faults.push(`entry ${shown(entry)} skipped: ${oneLine((error as Error).message, maxText)}`);
    }
  }
  const first = faults[0];
  if (addresses.length === 0 && first !== undefined) throw new Error(`Failed to decode response: ${first}`);
  const unique = withoutDuplicates(addresses);
  if (unique.length > maxAddresses)
    throw new Error(`the token service names more than ${maxAddresses} addresses`);
  const warnings = faults.slice(0, maxWarnings);
  if (faults.length > maxWarnings) warnings.push(`${faults.length - maxWarnings} more malformed entries`);
  return { kind: "entries", addresses: unique, warnings };
}

function shown(entry: unknown): string {
  return JSON.stringify(entry).slice(0, 80);
}

function fingerprint({ addresses, warnings }: DiscoveryUpdate & { readonly kind: "entries" }): string {
  const sorted = addresses.map(({ address }) => address).sort();
  return JSON.stringify([sorted, [...warnings].sort()]);
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** With the service's own words, when it has some. */
function refusal(what: string, { status, text }: Answer): Error {
  let said = "";
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    if (typeof message === "string") said = `: ${oneLine(message, maxText)}`;
  } catch {
    // An error page: the status says enough.
  }
  return new Error(`${what}: Discovery service returned ${status} HTTP status code${said}`);
}
