import { chmodSync, existsSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { must } from "../command.ts";
import { freePort } from "../free-port.ts";
import { unpackSuitePackages } from "../suite-packages.ts";
import { StoreCluster } from "./store-cluster.ts";
import type { MemberPlace } from "./store-cluster.ts";
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
  const ports = [await freePort(address), await freePort(address), await freePort(address)] as const;
  const place = { number: 1, ip: address, ports };
  const [http] = ports;
  const token = "11111111-2222-3333-4444-555555555555";
  const running = await StoreServer.start(home, {
    name: "consul",
    command: (folder) =>
      commandLine(program, folder, settings(place, [place], shortestSession, acl ? token : undefined)),
    strayFolder,
    isReady: () => isWritable(`http://${address}:${String(http)}`, token),
  });
  return {
    server: running,
    address: `${address}:${String(http)}`,
    token,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** Three Consul servers; a new leader is there about three seconds after the old one's death. */
export async function startConsulCluster(home: Home): Promise<StoreCluster> {
  const program = await consulProgram();
  return await StoreCluster.start(home, {
    member: (place, all) => ({
      name: `consul-${String(place.number)}`,
      command: (folder) => commandLine(program, folder, settings(place, all, "1s", undefined)),
      strayFolder,
      isReady: () => isWritable(`http://${place.ip}:${String(place.ports[0])}`, ""),
    }),
    clientPort: ({ ports }) => ports[0],
    leads: async ({ ip, ports: [http, server] }) =>
      await answers(`http://${ip}:${String(http)}/v1/status/leader`, (body) =>
        body.includes(`"${ip}:${String(server)}"`),
      ),
  });
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

/** Consul's own test helpers are part of the program. */
const strayFolder = "/tmp/consul-test";

function commandLine(program: string, folder: string, config: unknown): readonly [string, ...string[]] {
  const file = path.join(folder, "config.json");
  writeFileSync(file, JSON.stringify(config));
  chmodSync(file, 0o600); // it may hold the token
  return [program, "agent", "-config-file", file, "-data-dir", path.join(folder, "data")];
}

function settings(
  { number, ip, ports: [http, server, serf] }: MemberPlace,
  all: readonly MemberPlace[],
  shortestSession: string,
  token: string | undefined,
): unknown {
  return {
    node_name: `lab-${String(number)}`,
    server: true,
    bootstrap_expect: all.length,
    bind_addr: ip,
    client_addr: ip,
    ports: { http, server, serf_lan: serf, serf_wan: -1, dns: -1, grpc: -1 },
    retry_join: all.length > 1 ? all.map((member) => `${member.ip}:${String(member.ports[2])}`) : [],
    retry_interval: "200ms", // after a first failure it would be 30 s
    log_level: "warn",
    disable_update_check: true,
    session_ttl_min: shortestSession,
    performance: { raft_multiplier: 1 },
    // A member that takes long to be back would be taken for gone, with the sessions that were made there.
    autopilot: { cleanup_dead_servers: false },
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
