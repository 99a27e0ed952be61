import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createServer } from "node:tls";
import type { Server, TLSSocket } from "node:tls";
import { expect } from "chai";
import { openStore } from "../../../src/store/open.ts";
import { makeCertificates } from "../../lab/stores/certificates.ts";
import type { Certificates } from "../../lab/stores/certificates.ts";
import { startConsul } from "../../lab/stores/consul.ts";
import { startEtcd } from "../../lab/stores/etcd.ts";
import { startZooKeeper } from "../../lab/stores/zookeeper.ts";
import { storeHome } from "./home.ts";
import { quick, rejection, Watched } from "./under-test.ts";

const kinds = [
  { scheme: "consul", start: startConsul },
  { scheme: "etcd", start: startEtcd },
  { scheme: "etcd", start: startEtcdV2 },
  { scheme: "zk", start: startZooKeeper },
] as const;

describe("store/tls", () => {
  let folder: string;
  let [ours, foreign]: [Certificates?, Certificates?] = [];
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "swarm-store-tls-"));
    ours = await makeCertificates(path.join(folder, "ours"));
    foreign = await makeCertificates(path.join(folder, "foreign"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const { scheme, start } of kinds) {
    it(`${start.name.slice(5)}: both sides show their certificates, and neither takes a foreign one`, async () => {
      await using store = await start(storeHome());
      await using front = await TlsFront.start(store.address, ours!);
      const open = (files: Certificates) =>
        openStore(`${scheme}://${front.address}/p`, {
          ...quick,
          sessionMs: 1500,
          options: { "kv.cacertfile": files.ca, "kv.certfile": files.cert, "kv.keyfile": files.key },
        });
      await using client = await open(ours!);
      await client.put("k", "v", { ttlMs: 20_000 });
      const watched = new Watched(client, { key: "k" });
      await watched.sees(["v"]);
      expect((await client.lock("l", "v", { ttlMs: 20_000 })).held()).to.equal(true);
      await watched.stop();

      await using distrustful = await open(foreign!);
      const distrust = await rejection(distrustful.get("k"));
      expect(distrust.message).to.match(/certificate|self.signed/i);
      expect(distrust.kind).to.equal("auth");
      await using stranger = await open({ ...foreign!, ca: ours!.ca });
      expect((await rejection(stranger.get("k"))).kind).to.be.oneOf(["auth", "unreachable"]);
    });
  }
});

async function startEtcdV2(home: Parameters<typeof startEtcd>[0]) {
  return await startEtcd(home, { v2: true });
}

/** TLS before a server that has none of its own here: the client must show a certificate of the same authority. */
class TlsFront implements AsyncDisposable {
  readonly address: string;
  readonly #server: Server;
  readonly #sockets: Set<TLSSocket>;

  private constructor(server: Server, sockets: Set<TLSSocket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.address = `localhost:${String((server.address() as AddressInfo).port)}`;
  }

  static async start(target: string, { ca, cert, key }: Certificates): Promise<TlsFront> {
    const [host = "", port = ""] = target.split(":");
    const [caText, certText, keyText] = [ca, cert, key].map((file) => readFileSync(file));
    const options = { ca: caText!, cert: certText!, key: keyText!, requestCert: true };
    const sockets = new Set<TLSSocket>();
    const server = createServer({ ...options, ALPNProtocols: ["h2", "http/1.1"] }, (client) => {
      const upstream = connect(Number(port), host);
      sockets.add(client);
      for (const [socket, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        socket.on("data", (chunk: Buffer) => other.write(chunk));
        socket.on("error", () => undefined);
        socket.on("close", () => other.destroy());
      }
    });
    server.on("tlsClientError", () => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TlsFront(server, sockets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }
}
