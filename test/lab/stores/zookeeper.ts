import { existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { freePort } from "../free-port.ts";
import { findTool } from "../system.ts";
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
  const java = findTool("java");
  if (java === undefined || !existsSync(jar)) {
    throw new Error("ZooKeeper is missing: apt-get install zookeeper");
  }
  const port = await freePort(address);
  const server = await StoreServer.start(home, {
    name: "zookeeper",
    command: (folder) => {
      const config = path.join(folder, "zoo.cfg");
      writeFileSync(config, settings(path.join(folder, "data"), port));
      const classPath = ["-cp", `/etc/zookeeper/conf:${jar}`];
      const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
      return [java, "-Xmx128m", "-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", ...classPath, main, config];
    },
    isReady: async () => (await fourLetters(port, "srvr")).includes("Mode:"), // `ruok` says yes too early
  });
  return {
    server,
    address: `${address}:${String(port)}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function settings(dataDir: string, port: number): string {
  return [
    "tickTime=500",
    "minSessionTimeout=1000",
    `dataDir=${dataDir}`,
    `clientPort=${String(port)}`,
    `clientPortAddress=${address}`,
    "admin.enableServer=false",
    "4lw.commands.whitelist=*",
    "",
  ].join("\n");
}

/** What ZooKeeper says to one of its four-letter words; empty when it does not listen. */
async function fourLetters(port: number, word: string): Promise<string> {
  return await new Promise((resolve) => {
    let text = "";
    const socket = connect(port, address, () => socket.write(word));
    socket.setTimeout(1000, () => socket.destroy());
    socket.on("data", (chunk) => (text += chunk.toString("utf8")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(text));
  });
}
