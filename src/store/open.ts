import type { Backend } from "./backend.ts";
import type { Connection } from "./connection.ts";
import { ConsulBackend } from "./consul.ts";
import { Etcd2Backend } from "./etcd2.ts";
import { Etcd3Backend } from "./etcd3.ts";
import { EtcdBackend } from "./etcd.ts";
import { FileBackend } from "./file.ts";
import { ManagedStore } from "./managed-store.ts";
import type { ManagedStoreOptions } from "./managed-store.ts";
import { MemoryBackend } from "./memory.ts";
import type { Store } from "./store.ts";
import { StoreError } from "./store-error.ts";
import { readPassword, readStoreTls } from "./store-tls.ts";
import { parseStoreUrl } from "./store-url.ts";
import type { ServerUrl } from "./store-url.ts";
import { ZooKeeperBackend } from "./zookeeper.ts";

/** Settings of a store, all optional. */
export interface OpenStoreOptions extends Omit<ManagedStoreOptions, "name" | "prefix"> {
  /** The `kv.…` options of `--discovery-opt`, see docs/stores.md; others are not ours and are passed over. */
  readonly options?: Readonly<Record<string, string>>;
  /** `CONSUL_HTTP_TOKEN` and `CONSUL_HTTP_AUTH` are read from it, as Consul's own clients do. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How long ZooKeeper keeps a session without a sign of us, in milliseconds. Default 10 s. */
  readonly sessionMs?: number;
  /** How long another process may take to let go of a directory, in milliseconds. Default 5 s. */
  readonly directoryWaitMs?: number;
  /** Hears of each file of a directory that cannot be understood, which is then set aside; absent: such a directory is refused. */
  readonly onDamaged?: (file: string) => void;
}

/** The options of stores on servers, all that {@link OpenStoreOptions.options} may hold for us. */
export const storeOptionNames: readonly string[] = [
  "kv.cacertfile",
  "kv.certfile",
  "kv.keyfile",
  "kv.user",
  "kv.password",
  "kv.passwordfile",
  "kv.token",
  "kv.etcd",
];

/**
 * Opens a store by its URL: `consul://host:port/prefix`, `etcd://h1:2379,h2:2379/prefix`, `zk://…`, `file:///directory`,
 * `memory://`. Connects to no server: one that is down now may be up when it is needed.
 * @throws {StoreError} as {@link openServerStore} does; `failed` for a directory in use.
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const parsed = parseStoreUrl(url);
  if (parsed.scheme === "memory") return new ManagedStore(new MemoryBackend(), { ...options, name: url });
  if (parsed.scheme === "file") {
    const { directoryWaitMs: waitMs, onDamaged } = options;
    const backend = await FileBackend.open(parsed.directory, { waitMs, onDamaged });
    return new ManagedStore(backend, { ...options, name: url });
  }
  return openServerStore(parsed, options);
}

/**
 * Opens a store on servers, without a word to any of them yet.
 * @throws {StoreError} `invalid` for a prefix or an option that cannot be; `auth` naming a certificate file that cannot be used.
 */
export function openServerStore(url: ServerUrl, options: OpenStoreOptions = {}): Store {
  const connection = connectionTo(url, options);
  const { name } = connection;
  const backend = backendFor(url, connection, options);
  return new ManagedStore(backend, { ...options, name, prefix: url.prefix });
}

function backendFor({ scheme }: ServerUrl, connection: Connection, options: OpenStoreOptions): Backend {
  switch (scheme) {
    case "consul":
      return new ConsulBackend(connection);
    case "zk":
      return new ZooKeeperBackend(connection, options.sessionMs);
    case "etcd":
      return etcdBackend(connection, options.options?.["kv.etcd"] ?? "auto");
  }
}

function etcdBackend(connection: Connection, version: string): Backend {
  if (version === "v2") return new Etcd2Backend(connection);
  if (version === "v3") return new Etcd3Backend(connection);
  if (version === "auto") return new EtcdBackend(connection);
  throw new StoreError("invalid", `kv.etcd is auto, v2 or v3, not ${version}`);
}

function connectionTo(
  { scheme, endpoints, prefix }: ServerUrl,
  { options = {}, env = {} }: OpenStoreOptions,
): Connection {
  const name = `${scheme}://${endpoints.join(",")}${prefix === "" ? "" : `/${prefix}`}`;
  const tls = readStoreTls(options);
  const fromEnv = scheme === "consul" ? env : {};
  const token = options["kv.token"] ?? fromEnv.CONSUL_HTTP_TOKEN;
  if (token !== undefined && scheme !== "consul" && options["kv.token"] !== undefined) {
    throw new StoreError("invalid", "kv.token is for consul:// only; others know kv.user and kv.password");
  }
  const login = loginFrom(options, fromEnv.CONSUL_HTTP_AUTH);
  return {
    endpoints,
    name,
    ...(tls && { tls }),
    ...(login && { login }),
    ...(token !== undefined && token !== "" && { token }),
  };
}

function loginFrom(options: Readonly<Record<string, string>>, auth: string | undefined): Connection["login"] {
  const user = options["kv.user"];
  const file = options["kv.passwordfile"];
  const password = options["kv.password"] ?? (file && readPassword(file));
  if (user !== undefined && password !== undefined) return { user, password };
  if (user !== undefined || password !== undefined) {
    throw new StoreError("invalid", "kv.user and kv.password (or kv.passwordfile) go together");
  }
  if (auth === undefined || auth === "") return undefined;
  const colon = `${auth}:`.indexOf(":");
  return { user: auth.slice(0, colon), password: auth.slice(colon + 1) };
}
