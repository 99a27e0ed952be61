import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { startFleet } from "../../bench/fleet/index.ts";
import { onCi } from "../../test/lab/ci.ts";
import { Lab } from "../../test/lab/lab.ts";
import { ensureSystem } from "../../test/lab/system.ts";
import type { DemoEngines, EngineKind } from "./types.ts";

/** The nodes of the demo and what tells them apart. */
const NODES = [
  { name: "node-1", labels: { region: "us-east", storage: "ssd" } },
  { name: "node-2", labels: { region: "us-west", storage: "disk" } },
  { name: "node-3", labels: { region: "eu-central", storage: "ssd" } },
];

type Say = (line: string) => void;

/** The engines asked for, or the best this machine has: three real ones, else the local one, else simulated ones. */
export async function startEngines(wanted: EngineKind | undefined, say: Say): Promise<DemoEngines> {
  if (wanted === "simulated") return await simulatedEngines();
  if (wanted === "local") return await localEngine();
  try {
    return await realEngines(say);
  } catch (error) {
    // On CI a machine that cannot hold engines is a fault to hear of, not one to work around.
    if (wanted === "real" || onCi) throw error;
    say((error as Error).message);
  }
  if (await answers(LOCAL_SOCKET)) return await localEngine();
  say("there is no local Docker engine either: going on with simulated ones");
  return await simulatedEngines();
}

async function realEngines(say: Say): Promise<DemoEngines> {
  await ensureSystem({ install: true, log: say });
  say("starting three real Docker engines, each in a network namespace of its own");
  const lab = await Lab.create({ engines: NODES, log: say, exitOnSignals: false });
  const engineAt = (index: number): Lab["engines"][number] => {
    const engine = lab.engines[index];
    if (!engine) throw new Error(`no engine ${index}`);
    return engine;
  };
  return {
    kind: "real",
    description: `three real Docker engines (${engineAt(0).version}) in namespaces of this machine`,
    addresses: lab.engines.map(({ addr }) => addr),
    fail: async (index) => {
      await engineAt(index).kill();
      return `killed dockerd of ${engineAt(index).name} with SIGKILL`;
    },
    restore: (index) => engineAt(index).start(),
    [Symbol.asyncDispose]: () => lab.dispose(),
  };
}

async function simulatedEngines(): Promise<DemoEngines> {
  const fleet = await startFleet(NODES.length, (index) => ({ ...NODES[index], cpus: 2 }));
  return {
    kind: "simulated",
    description: "three SIMULATED engines: they speak the Docker API, their containers are not real",
    addresses: fleet.engines.map(({ addr }) => addr),
    fail: async (index) => {
      await fleet.engines[index]?.hangUp();
      return `cut off the simulated engine ${fleet.engines[index]?.name ?? ""}`;
    },
    restore: async (index) => {
      await fleet.engines[index]?.revive();
    },
    [Symbol.asyncDispose]: () => fleet.dispose(),
  };
}

const LOCAL_SOCKET = "/var/run/docker.sock";

/** The engine of this machine, made reachable over TCP on the loopback interface for as long as the demo runs. */
async function localEngine(): Promise<DemoEngines> {
  if (!(await answers(LOCAL_SOCKET))) throw new Error(`no Docker engine answers on ${LOCAL_SOCKET}`);
  const bridge = new SocketBridge(LOCAL_SOCKET);
  await bridge.open();
  return {
    kind: "local",
    description: "one node: your local Docker engine, through a bridge to its socket",
    addresses: [bridge.addr],
    fail: async () => {
      await bridge.close();
      return "cut the connection to your local engine (the engine itself runs on)";
    },
    restore: () => bridge.open(),
    [Symbol.asyncDispose]: () => bridge.close(),
  };
}

function answers(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const ping = request({ socketPath, path: "/_ping", timeout: 3000 }, (res) => {
      res.resume();
      resolve(res.statusCode === 200);
    });
    ping.on("timeout", () => ping.destroy());
    ping.on("error", () => resolve(false));
    ping.end();
  });
}

/** Makes a Unix socket reachable on a loopback port, half-closed connections included. */
class SocketBridge {
  readonly #socketPath: string;
  readonly #sockets = new Set<Socket>();
  #server: ReturnType<typeof createServer> | undefined;
  #port = 0;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  get addr(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async open(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const engine = connect({ path: this.#socketPath, allowHalfOpen: true });
      for (const [socket, other] of [
        [client, engine],
        [engine, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.pipe(other);
        socket.on("error", () => other.destroy());
        socket.on("close", () => {
          this.#sockets.delete(socket);
          other.destroySoon();
        });
      }
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise((resolve) => server.close(resolve));
  }
}
