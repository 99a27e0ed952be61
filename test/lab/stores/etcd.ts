import path from "node:path";
import { freePort } from "../free-port.ts";
import { findTool } from "../system.ts";
import { answers, StoreServer } from "./store-server.ts";
import type { Home } from "./store-server.ts";

const address = "127.0.0.1";

/** An etcd of one member. */
export interface LabEtcd extends AsyncDisposable {
  readonly server: StoreServer;
  /** `127.0.0.1:40123` */
  readonly address: string;
}

/** How to run it. */
export interface EtcdOptions {
  /** Whether it speaks the old protocol too. Default: no. */
  readonly v2?: boolean;
}

/** The system's etcd, without a word to the disk's caches: it is killed, the machine is not. */
export async function startEtcd(home: Home, { v2 = false }: EtcdOptions = {}): Promise<LabEtcd> {
  const program = findTool("etcd");
  if (program === undefined) throw new Error("etcd is missing: apt-get install etcd-server");
  const [client, peer] = [await freePort(address), await freePort(address)];
  const [clientUrl, peerUrl] = [`http://${address}:${String(client)}`, `http://${address}:${String(peer)}`];
  const server = await StoreServer.start(home, {
    name: "etcd",
    command: (folder) => [
      program,
      ...["--name", "lab", "--data-dir", path.join(folder, "data"), `--enable-v2=${String(v2)}`],
      ...["--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl],
      ...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
      ...["--initial-cluster", `lab=${peerUrl}`, "--heartbeat-interval", "50", "--election-timeout", "500"],
    ],
    isReady: () => answers(`${clientUrl}/health`, (body) => body.includes("true")),
  });
  return {
    server,
    address: `${address}:${String(client)}`,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
