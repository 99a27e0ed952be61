import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import path from "node:path";
import { errorText } from "../../errors.ts";
import { NoSuchNodeError, type NodeCondition, type Simulation } from "../simulation.ts";
import { openControlFolder } from "./place.ts";

/** What a simulation tells of itself at `GET /`. */
export interface SimulationReport {
  /** Of its manager, `tcp://127.0.0.1:3376`; `""`: it has none. */
  readonly Manager: string;
  readonly Pid: number;
}

/** What each order makes of a node. */
const ORDERS: Readonly<Record<string, NodeCondition>> = { fail: "failed", recover: "up", freeze: "frozen" };

/**
 * Takes orders for a simulation at a unix socket that only its user can reach: `GET /`, `GET /nodes`, `POST /nodes/{name}/fail`, `recover`,
 * `freeze`. Whoever opens it disposes of it.
 */
export class ControlServer implements AsyncDisposable {
  readonly #server;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
  }

  /** @throws {Error} when no socket can be made there */
  static async open(simulation: Simulation, manager: string, env: NodeJS.ProcessEnv): Promise<ControlServer> {
    const socket = path.join(openControlFolder(env), `${process.pid}.sock`);
    const report: SimulationReport = { Manager: manager, Pid: process.pid };
    const server = createServer((req, res) => void answer(simulation, report, req, res));
    // No other process of this number lives: what is there somebody left.
    rmSync(socket, { force: true });
    server.listen(socket);
    await once(server, "listening");
    return new ControlServer(server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    // This removes the socket, too.
    await closed;
  }
}

async function answer(
  simulation: Simulation,
  report: SimulationReport,
  { method = "", url = "" }: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const send = (status: number, body: unknown): void => {
    res.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify(body)}\n`);
  };
  try {
    const [, name = "", order = ""] = /^\/nodes\/([^/]+)\/([a-z]+)$/.exec(url) ?? [];
    const condition = Object.hasOwn(ORDERS, order) ? ORDERS[order] : undefined;
    if (method === "GET" && url === "/") send(200, report);
    else if (method === "GET" && url === "/nodes") send(200, simulation.list());
    else if (method === "POST" && condition !== undefined)
      send(200, await simulation.set(decodeURIComponent(name), condition));
    else send(404, { message: `no ${method} ${url} here` });
  } catch (error) {
    send(error instanceof NoSuchNodeError ? 404 : 500, { message: errorText(error) });
  }
}
