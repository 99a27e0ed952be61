import { symlinkSync } from "node:fs";
import path from "node:path";
import { must } from "../command.ts";
import { freePort } from "../free-port.ts";
import { unpackSuitePackages } from "../suite-packages.ts";
import { findTool } from "../system.ts";
import type { Certificates } from "./certificates.ts";
import { StoreCluster } from "./store-cluster.ts";
import type { MemberPlace } from "./store-cluster.ts";
import { answers, StoreServer } from "./store-server.ts";
import type { Home } from "./store-server.ts";

const loopback = "127.0.0.1";

/** An etcd of one member. */
export interface LabEtcd extends AsyncDisposable {
  readonly server: StoreServer;
  /** `127.0.0.1:40123`, or on the address asked for; with TLS `localhost:40123`. */
  readonly address: string;
}

/** How to run it. */
export interface EtcdOptions {
  /** Whether it speaks the old protocol too. Default: no. */
  readonly v2?: boolean;
  /** Where it listens. Default: the loopback address. */
  readonly ip?: string;
  /** Which program; the system's by default. */
  readonly program?: string;
  /** It then serves TLS, as `localhost`, and only clients with a certificate of the same authority. One member only. */
  readonly tls?: Certificates;
}

/** An etcd without a word to the disk's caches: it is killed, the machine is not. */
export async function startEtcd(home: Home, options: EtcdOptions = {}): Promise<LabEtcd> {
  const { ip = loopback } = options;
  const ports = [await freePort(ip), await freePort(ip), await freePort(ip)] as const;
  const place = { number: 1, ip, ports };
  const server = await StoreServer.start(home, {
    name: "etcd",
    command: (folder) => commandLine(folder, place, [place], options),
    isReady: () => isHealthy(options.tls ? healthUrl(place) : clientUrl(place)),
  });
  return {
    server,
    address: `${options.tls ? "localhost" : ip}:${String(ports[0])}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Three members; a new leader is there about two seconds after the old one's death. */
export async function startEtcdCluster(
  home: Home,
  options: Omit<EtcdOptions, "tls" | "ip"> = {},
): Promise<StoreCluster> {
  return await StoreCluster.start(home, {
    member: (place, all) => ({
      name: `etcd-${String(place.number)}`,
      command: (folder) => commandLine(folder, place, all, options),
      isReady: () => isHealthy(clientUrl(place)),
    }),
    clientPort: ({ ports }) => ports[0],
    leads: async (place) => {
      const request = { method: "POST", body: "{}", signal: AbortSignal.timeout(1000) };
      const status = await fetch(`${clientUrl(place)}/v3/maintenance/status`, request).catch(() => undefined);
      const { leader, header } = ((await status?.json().catch(() => ({}))) ?? {}) as {
        readonly leader?: string;
        readonly header?: { readonly member_id?: string };
      };
      return leader !== undefined && leader === header?.member_id;
    },
  });
}

/** etcd 3.5, or the reason why there is none. */
export type NewerEtcd =
  | {
      readonly kind: "ready";
      /** For {@link startEtcd}. */ readonly program: string;
      readonly version: string;
    }
  | { readonly kind: "unavailable"; readonly reason: string };

/** Unpacks the etcd of Debian trixie into the cache, see {@link unpackSuitePackages}. */
export async function fetchNewerEtcd(log: (line: string) => void = () => undefined): Promise<NewerEtcd> {
  const unpacked = await unpackSuitePackages(
    {
      suite: "trixie",
      packages: ["etcd-server"],
      folder: "stores/etcd-trixie",
      what: "etcd of Debian trixie",
      arrange: async (folder) => {
        symlinkSync("tree/usr/bin/etcd", path.join(folder, "etcd"));
        const text = await must(path.join(folder, "etcd"), ["--version"]);
        return /etcd Version: (\S+)/.exec(text)?.[1] ?? "unknown";
      },
    },
    log,
  );
  if (unpacked.kind === "unavailable") return unpacked;
  return { kind: "ready", program: path.join(unpacked.folder, "etcd"), version: unpacked.version };
}

/** Called again for each start: a member that has data goes by that. */
function commandLine(
  folder: string,
  place: MemberPlace,
  all: readonly MemberPlace[],
  { v2 = false, program = findTool("etcd"), tls }: EtcdOptions,
): readonly [string, ...string[]] {
  if (program === undefined) throw new Error("etcd is missing: apt-get install etcd-server");
  const cluster = all.map((member) => `${nameOf(member)}=${peerUrl(member)}`).join(",");
  const client = tls ? clientUrl(place).replace("http:", "https:") : clientUrl(place);
  return [
    program,
    ...["--name", nameOf(place), "--data-dir", path.join(folder, "data"), `--enable-v2=${String(v2)}`],
    ...["--listen-client-urls", client, "--advertise-client-urls", client],
    ...["--listen-peer-urls", peerUrl(place), "--initial-advertise-peer-urls", peerUrl(place)],
    ...["--initial-cluster", cluster, "--heartbeat-interval", "50", "--election-timeout", "500"],
    ...(tls ? tlsFlags(tls, place) : []),
  ];
}

/** Its health it tells everybody, on a port of its own. */
function tlsFlags({ ca, cert, key }: Certificates, place: MemberPlace): readonly string[] {
  const files = ["--cert-file", cert, "--key-file", key, "--trusted-ca-file", ca];
  return [...files, "--client-cert-auth", "--listen-metrics-urls", healthUrl(place)];
}

async function isHealthy(url: string): Promise<boolean> {
  return await answers(`${url}/health`, (body) => body.includes("true"));
}

function nameOf({ number }: MemberPlace): string {
  return `lab-${String(number)}`;
}

function clientUrl({ ip, ports }: MemberPlace): string {
  return `http://${ip}:${String(ports[0])}`;
}

function peerUrl({ ip, ports }: MemberPlace): string {
  return `http://${ip}:${String(ports[1])}`;
}

function healthUrl({ ip, ports }: MemberPlace): string {
  return `http://${ip}:${String(ports[2])}`;
}
