import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { freePort } from "../free-port.ts";
import { findTool } from "../system.ts";
import { StoreCluster } from "./store-cluster.ts";
import type { MemberPlace } from "./store-cluster.ts";
import { StoreServer } from "./store-server.ts";
import type { Home } from "./store-server.ts";

const address = "127.0.0.1";
const jar = "/usr/share/java/zookeeper.jar";

/** A ZooKeeper of one server; sessions may be as short as a second. */
export interface LabZooKeeper extends AsyncDisposable {
  readonly server: StoreServer;
  /** `127.0.0.1:40123` */
  readonly address: string;
}

/** The system's ZooKeeper. */
export async function startZooKeeper(home: Home): Promise<LabZooKeeper> {
  const port = await freePort(address);
  const place = { number: 1, ip: address, ports: [port, 0, 0] } as const;
  const server = await StoreServer.start(home, {
    name: "zookeeper",
    command: (folder) => commandLine(folder, place, [place], 10_000),
    isReady: () => serves(place),
  });
  return {
    server,
    address: `${address}:${String(port)}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** How to run it. */
export interface ZooKeeperOptions {
  /** Who asks for more gets this. Default: ten seconds, what our client asks for. */
  readonly longestSessionMs?: number;
}

/** Three servers; sessions may be as short as a second. */
export async function startZooKeeperCluster(
  home: Home,
  { longestSessionMs = 10_000 }: ZooKeeperOptions = {},
): Promise<StoreCluster> {
  return await StoreCluster.start(home, {
    member: (place, all) => ({
      name: `zookeeper-${String(place.number)}`,
      command: (folder) => commandLine(folder, place, all, longestSessionMs),
      isReady: () => serves(place),
    }),
    clientPort: ({ ports }) => ports[0],
    leads: async (place) => (await fourLetters(place, "srvr")).includes("Mode: leader"),
  });
}

/** `ruok` would say yes too early. */
async function serves(place: MemberPlace): Promise<boolean> {
  return (await fourLetters(place, "srvr")).includes("Mode:");
}

function commandLine(
  folder: string,
  place: MemberPlace,
  all: readonly MemberPlace[],
  longestSessionMs: number,
): readonly [string, ...string[]] {
  const java = findTool("java");
  if (java === undefined || !existsSync(jar)) {
    throw new Error("ZooKeeper is missing: apt-get install zookeeper");
  }
  const [config, data] = [path.join(folder, "zoo.cfg"), path.join(folder, "data")];
  mkdirSync(data, { recursive: true });
  writeFileSync(path.join(data, "myid"), String(place.number));
  writeFileSync(
    config,
    [...settings(data, place, all), `maxSessionTimeout=${String(longestSessionMs)}`, ""].join("\n"),
  );
  const classPath = ["-cp", `/etc/zookeeper/conf:${jar}`];
  const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
  return [java, "-Xmx128m", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", ...classPath, main, config];
}

function settings(
  dataDir: string,
  { ip, ports: [port] }: MemberPlace,
  all: readonly MemberPlace[],
): string[] {
  const members = all.map(
    (member) =>
      `server.${String(member.number)}=${member.ip}:${String(member.ports[1])}:${String(member.ports[2])}`,
  );
  return [
    "tickTime=500",
    "minSessionTimeout=1000",
    `dataDir=${dataDir}`,
    `clientPort=${String(port)}`,
    `clientPortAddress=${ip}`,
    "admin.enableServer=false",
    "4lw.commands.whitelist=*",
    ...(all.length > 1 ? ["initLimit=10", "syncLimit=5", ...members] : []),
  ];
}

/** What ZooKeeper says to one of its four-letter words; empty when it does not listen. */
async function fourLetters({ ip, ports: [port] }: MemberPlace, word: string): Promise<string> {
  return await new Promise((resolve) => {
    let text = "";
    const socket = connect(port, ip, () => socket.write(word));
    socket.setTimeout(1000, () => socket.destroy());
    socket.on("data", (chunk) => (text += chunk.toString("utf8")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}
