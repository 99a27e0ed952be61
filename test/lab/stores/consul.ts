import { chmodSync, existsSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { must } from "../command.ts";
import { freePort } from "../free-port.ts";
import { unpackSuitePackages } from "../suite-packages.ts";
import { answers, StoreServer } from "./store-server.ts";
import type { Home } from "./store-server.ts";

const address = "127.0.0.1";

/** A Consul of one server. */
export interface LabConsul extends AsyncDisposable {
  readonly server: StoreServer;
  /** `127.0.0.1:40123` */
  readonly address: string;
  /** With `acl`: the token that may do everything. */
  readonly token: string;
}

/** How to run it. */
export interface ConsulOptions {
  /** Whether everything needs a token. Default: no. */
  readonly acl?: boolean;
  /** The shortest life of a session; Consul's own default is `10s`. Here: `1s`. */
  readonly shortestSession?: string;
}

/**
 * Debian 11's Consul, the last one Debian had, unpacked from its package.
 * @throws {Error} with the reason when the package is not to be had.
 */
export async function startConsul(
  home: Home,
  { acl = false, shortestSession = "1s" }: ConsulOptions = {},
): Promise<LabConsul> {
  const program = await consulProgram();
  const [http, server, serf] = [await freePort(address), await freePort(address), await freePort(address)];
  const token = "11111111-2222-3333-4444-555555555555";
  const running = await StoreServer.start(home, {
    name: "consul",
    command: (folder) => {
      const config = path.join(folder, "config.json");
      writeFileSync(
        config,
        JSON.stringify(settings({ http, server, serf_lan: serf }, shortestSession, acl ? token : undefined)),
      );
      chmodSync(config, 0o600);
      return [program, "agent", "-config-file", config, "-data-dir", path.join(folder, "data")];
    },
    strayFolder: "/tmp/consul-test", // Consul's own test helpers are part of the program
    isReady: () => isWritable(`http://${address}:${String(http)}`, token),
  });
  return {
    server: running,
    address: `${address}:${String(http)}`,
    token,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** Where the program is, fetched if need be. */
export async function consulProgram(log: (line: string) => void = () => undefined): Promise<string> {
  const found = await unpackSuitePackages(
    {
      suite: "bullseye",
      packages: ["consul"],
      folder: "stores/consul",
      what: "Consul of Debian bullseye",
      arrange: async (folder) => {
        symlinkSync("tree/usr/bin/consul", path.join(folder, "consul"));
        const text = await must(path.join(folder, "consul"), ["version"]);
        return text.split("\n")[0] ?? "";
      },
    },
    log,
  );
  if (found.kind === "unavailable") {
    throw new Error(
      `Consul is missing and cannot be fetched: ${found.reason}. On Debian: let apt reach its mirror; ` +
        `elsewhere: put a consul program at ${path.join(".cache", "stores", "consul", "consul")} with a file "version" beside it`,
    );
  }
  const program = path.join(found.folder, "consul");
  if (!existsSync(program)) throw new Error(`${program} is missing: remove its folder and run again`);
  return program;
}

function settings(
  ports: Readonly<Record<string, number>>,
  shortestSession: string,
  token: string | undefined,
): unknown {
  return {
    node_name: "lab",
    server: true,
    bootstrap_expect: 1,
    bind_addr: address,
    client_addr: address,
    ports: { ...ports, serf_wan: -1, dns: -1, grpc: -1 },
    log_level: "warn",
    disable_update_check: true,
    session_ttl_min: shortestSession,
    performance: { raft_multiplier: 1 },
    ...(token === undefined
      ? {}
      : { acl: { enabled: true, default_policy: "deny", tokens: { master: token } } }),
  };
}

/** A server that has just elected itself lists before it writes. */
async function isWritable(base: string, token: string): Promise<boolean> {
  if (!(await answers(`${base}/v1/status/leader`, (body) => body.length > 4))) return false;
  const response = await fetch(`${base}/v1/kv/lab-is-ready`, {
    method: "PUT",
    headers: { "x-consul-token": token },
    signal: AbortSignal.timeout(1000),
  }).catch(() => undefined);
  return response?.status === 200;
}
