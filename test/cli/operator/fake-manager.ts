import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { swarm, type FakeWorld, type Outcome } from "../fake-world.ts";

/** One request as it came. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly body: unknown;
}

type Answer = unknown;

/** A manager that answers as it is told to. */
export interface FakeManager extends AsyncDisposable {
  readonly asked: Asked[];
  readonly url: string;
  /** Runs `swarm <line>` against it. */
  run(line: string, world?: FakeWorld): Promise<Outcome>;
}

/** What an endpoint answers: a function writes it itself; anything else is sent as JSON with status 200. */
export type Endpoints = Readonly<Record<string, Answer>>;

/** @param endpoints by `GET /path`, with the query; what is not there is 404 */
export async function fakeManager(
  endpoints: Endpoints,
  listen: { path?: string } = {},
): Promise<FakeManager> {
  const asked: Asked[] = [];
  const server = createServer((req, res) => void answer(req, res));
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    let text = "";
    for await (const chunk of req.setEncoding("utf8") as AsyncIterable<string>) text += chunk;
    const { method = "", url = "" } = req;
    asked.push({ method, url, body: text === "" ? undefined : JSON.parse(text) });
    const given = endpoints[`${method} ${url}`];
    if (typeof given === "function")
      (given as (res: ServerResponse, asked: readonly Asked[]) => void)(res, asked);
    else if (given === undefined) json(res, 404, { message: `no ${method} ${url} here` });
    else json(res, 200, given);
  };
  await new Promise<void>((resolve) =>
    listen.path === undefined ? server.listen(0, "127.0.0.1", resolve) : server.listen(listen.path, resolve),
  );
  const url =
    listen.path === undefined
      ? `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
      : `unix://${listen.path}`;
  return {
    asked,
    url,
    run: (line, world = {}) => swarm(line, { ...world, env: { DOCKER_HOST: url, ...world.env } }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function json(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { "Content-Type": "application/json" });
  res.end(`${JSON.stringify(body)}\n`);
}

/** An endpoint that refuses. */
export const refusing = (status: number, message: string) => (res: ServerResponse) =>
  json(res, status, { message });

/** A node as the API answers it. */
export const nodeAnswer = (parts: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  ID: "J6AP:2222:3333:4444",
  Name: "node-1",
  Addr: "10.0.0.11:2375",
  Status: "Healthy",
  Error: "",
  Availability: "active",
  Labels: { storage: "ssd" },
  EngineLabels: { kernelversion: "6.1" },
  Containers: 4,
  ServerVersion: "28.5.1",
  Drain: null,
  ...parts,
});
