import { openServerStore, storeOptionNames } from "../src/store/open.ts";
import { parseStoreUrl, type ServerUrl } from "../src/store/store-url.ts";
import { KeySpace } from "../src/store/keys.ts";
import { messages } from "../src/telemetry/messages.ts";
import { ErrorPace } from "./error-pace.ts";
import { readEntries } from "./kv-entries.ts";
import { kvError } from "./kv-errors.ts";
import { oneLine } from "./one-line.ts";
import { kvFolder } from "./kv-path.ts";
import { createKvRegistrar } from "./kv-registrar.ts";
import type { Discovery, DiscoverySettings, DiscoveryUpdate } from "./types.ts";

/** An address that vanishes and comes back within this time was never away. */
const settleMs = 200;

/** What tests replace. */
export interface KvWorld {
  readonly openStore: typeof openServerStore;
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
}

/**
 * `consul://`, `etcd://`, `zk://`: entries that agents keep alive in a store, at the original's place (spec: discovery.md §4). Never writes
 * unless it is asked to register something.
 * @param place what follows `://`: `host:port[,host:port…][/prefix]`
 * @throws Error for a malformed place or path, an impossible option, a TLS file that cannot be used
 */
export function createKvDiscovery(
  scheme: ServerUrl["scheme"],
  place: string,
  { heartbeatMs, options, env }: DiscoverySettings,
  { openStore, now }: KvWorld = { openStore: openServerStore, now: () => performance.now() },
): Discovery {
  const url = parseStoreUrl(`${scheme}://${place}`) as ServerUrl;
  const folder = kvFolder(url.prefix, options["kv.path"]);
  new KeySpace("").fullTarget({ folder }); // refuses what no store takes
  const store = openStore({ ...url, prefix: "" }, { options, env });
  return {
    description: `${scheme}://${url.endpoints.join(",")}${url.prefix === "" ? "" : `/${url.prefix}`}`,
    notices: [tlsNotice(options), ...unknownOptions(options)],
    isKeptAlive: true,
    registrar: createKvRegistrar(store, folder, (error) => kvError(scheme, "write", error)),
    async *watch(signal) {
      const pace = new ErrorPace(heartbeatMs);
      let last: string | undefined;
      for await (const update of store.watch({ folder }, signal, { settleMs })) {
        const found: DiscoveryUpdate =
          update.kind === "state"
            ? readEntries(folder, update.entries)
            : { kind: "error", error: kvError(scheme, "read", update.error) };
        if (found.kind === "error") {
          last = undefined;
          if (pace.admits(found.error.message, now())) yield found;
          continue;
        }
        pace.reset();
        // Every heartbeat of every agent writes its entry again: that is no news.
        const set = JSON.stringify([found.addresses, found.warnings]);
        if (set === last) continue;
        last = set;
        yield found;
      }
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
}

function tlsNotice(options: DiscoverySettings["options"]): string {
  const hasTls = (options["kv.cacertfile"] ?? "") !== "";
  return hasTls ? messages.discoveryWithTls : messages.discoveryWithoutTls;
}

/** A misspelled `kv.cacertfile` would be no TLS at all. */
function unknownOptions(options: DiscoverySettings["options"]): string[] {
  return Object.keys(options)
    .filter((name) => name.startsWith("kv.") && name !== "kv.path" && !storeOptionNames.includes(name))
    .map((name) => `--discovery-opt ${oneLine(name, 60)} is not known and does nothing`);
}
