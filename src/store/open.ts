import { readFile } from "node:fs/promises";
import type { Backend } from "./backend.ts";
import type { Connection, StoreTls } from "./connection.ts";
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
}

/**
 * Opens a store by its URL: `consul://host:port/prefix`, `etcd://h1:2379,h2:2379/prefix`, `zk://…`, `file:///directory`,
 * `memory://`. Connects to no server: one that is down now may be up when it is needed.
 * @throws {StoreError} `invalid` for a URL or an option that cannot be; `auth` naming a certificate file that cannot be
 *   read; `failed` for a directory in use.
 */
export async function openStore(url: string, options: OpenStoreOptions = {}): Promise<Store> {
  const parsed = parseStoreUrl(url);
  if (parsed.scheme === "memory") return new ManagedStore(new MemoryBackend(), { ...options, name: url });
  if (parsed.scheme === "file") {
    return new ManagedStore(await FileBackend.open(parsed.directory), { ...options, name: url });
  }
  const connection = await connectionTo(parsed, options);
  const { name } = connection;
  const store = (backend: Backend) => new ManagedStore(backend, { ...options, name, prefix: parsed.prefix });
  if (parsed.scheme === "consul") return store(new ConsulBackend(connection));
  if (parsed.scheme === "zk") return store(new ZooKeeperBackend(connection, options.sessionMs));
  return store(etcdBackend(connection, options.options?.["kv.etcd"] ?? "auto"));
}

function etcdBackend(connection: Connection, version: string): Backend {
  if (version === "v2") return new Etcd2Backend(connection);
  if (version === "v3") return new Etcd3Backend(connection);
  if (version === "auto") return new EtcdBackend(connection);
  throw new StoreError("invalid", `kv.etcd is auto, v2 or v3, not ${version}`);
}

async function connectionTo(
  { scheme, endpoints, prefix }: ServerUrl,
  { options = {}, env = {} }: OpenStoreOptions,
): Promise<Connection> {
  const name = `${scheme}://${endpoints.join(",")}${prefix === "" ? "" : `/${prefix}`}`;
  const tls = await readTls(options);
  const fromEnv = scheme === "consul" ? env : {};
  const token = options["kv.token"] ?? fromEnv.CONSUL_HTTP_TOKEN;
  if (token !== undefined && scheme !== "consul" && options["kv.token"] !== undefined) {
    throw new StoreError("invalid", "kv.token is for consul:// only; others know kv.user and kv.password");
  }
  const login = await loginFrom(options, fromEnv.CONSUL_HTTP_AUTH);
  return {
    endpoints,
    name,
    ...(tls && { tls }),
    ...(login && { login }),
    ...(token !== undefined && token !== "" && { token }),
  };
}

/** A password in a file is not seen in a list of processes. */
async function loginFrom(
  options: Readonly<Record<string, string>>,
  auth: string | undefined,
): Promise<Connection["login"]> {
  const user = options["kv.user"];
  const file = options["kv.passwordfile"];
  const password = options["kv.password"] ?? (file && (await readText("password", file)).trim());
  if (user !== undefined && password !== undefined) return { user, password };
  if (user !== undefined || password !== undefined) {
    throw new StoreError("invalid", "kv.user and kv.password (or kv.passwordfile) go together");
  }
  if (auth === undefined || auth === "") return undefined;
  const colon = `${auth}:`.indexOf(":");
  return { user: auth.slice(0, colon), password: auth.slice(colon + 1) };
}

/** TLS takes all three files: with only some of them the original went on without TLS and did not say so. */
async function readTls(options: Readonly<Record<string, string>>): Promise<StoreTls | undefined> {
  const names = ["kv.cacertfile", "kv.certfile", "kv.keyfile"] as const;
  const missing = names.filter((name) => (options[name] ?? "") === "");
  if (missing.length === names.length) return undefined;
  if (missing.length > 0) {
    const verb = missing.length === 1 ? "is" : "are";
    throw new StoreError(
      "invalid",
      `TLS to the store needs ${names.join(", ")}: ${missing.join(", ")} ${verb} missing`,
    );
  }
  // One after the other: of several that cannot be read it is always the first that is named.
  const ca = await readText("CA certificate", options[names[0]] ?? "");
  const cert = await readText("certificate", options[names[1]] ?? "");
  const key = await readText("key", options[names[2]] ?? "");
  return { ca, cert, key };
}

async function readText(what: string, file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? "no such file or directory" : (error as Error).message;
    throw new StoreError("auth", `could not read ${what} "${file}": open ${file}: ${why}`, { cause: error });
  }
}
