import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { EngineWire, type WireTarget } from "../../src/docker/engine-wire.ts";
import { DockerodeClient, type DockerodeClientOptions } from "../../src/docker/dockerode-client.ts";

/** What arrived, as text. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

/** One client in front of a server that answers as the test says. */
export interface Wire extends AsyncDisposable {
  readonly client: DockerodeClient;
  readonly agent: Agent;
  readonly arrived: readonly Arrived[];
  readonly sockets: ReadonlySet<Socket>;
  readonly addr: string;
}

export async function startWire(
  answer: (res: ServerResponse, arrived: Arrived) => void,
  options: Partial<DockerodeClientOptions> = {},
): Promise<Wire> {
  const arrived: Arrived[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const { method = "", url = "", headers } = req;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
      arrived.push(one);
      answer(res, one);
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  const target = wired({ host: "127.0.0.1", port: options.port ?? port, agent });
  return {
    client: new DockerodeClient({ ...target, ...options }),
    agent,
    arrived,
    sockets,
    addr: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      agent.destroy();
      target.wire.cut();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** What a client needs to reach an engine. */
export const wired = (target: Omit<WireTarget, "idleMs">): WireTarget & { readonly wire: EngineWire } => {
  const complete = { ...target, idleMs: 10_000 };
  return { ...complete, wire: new EngineWire(complete) };
};

/** Answers with JSON. */
export function json(res: ServerResponse, value: unknown, status = 200): void {
  res.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
}
