import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request as httpsRequest } from "node:https";
import { connect as connectPlain, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect, createServer, type TlsOptions } from "node:tls";
import { pino } from "pino";
import {
  startSimulatedEngine,
  type EngineOptions,
  type SimulatedEngine,
} from "../../../bench/fleet/index.ts";
import { createDiscovery } from "../../../discovery/index.ts";
import { createApp } from "../../../src/app.ts";
import { TestAuthority, type CertificateSpec, type Pair } from "../../support/certificates.ts";
import { configFor, freePort, until } from "../support.ts";

/** The clients of these tests, by their common names. */
const CLIENTS: readonly CertificateSpec[] = [
  { cn: "root" },
  { cn: "olga", ou: ["people", "ops"] },
  { cn: "reader" },
  { cn: "ci-1" },
  { cn: "ci-2" },
  { cn: "stranger" },
  { cn: "manager-2", sans: ["127.0.0.1"] },
];

export const POLICY = {
  rules: [
    { cn: "root", role: "admin" },
    { ou: "ops", role: "operator" },
    { cn: "reader", role: "read-only" },
    { cn: "ci-1", role: "own", label: "owner=ci" },
    { cn: "ci-2", role: "own", label: "owner=other" },
  ],
};

export interface GuardedAnswer {
  readonly status: number;
  readonly text: string;
  /** The `message` of a Docker error; `""` for anything else. */
  readonly message: string;
  readonly json: () => unknown;
}

export interface GuardedAsk {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One line of the audit log. */
export type AuditLine = Readonly<Record<string, unknown>>;

/** A manager with a policy, TLS on every side, over simulated engines. */
export interface GuardedManager extends AsyncDisposable {
  readonly engines: readonly SimulatedEngine[];
  readonly log: string[];
  /** One request with this client's certificate. */
  readonly as: (cn: string, method: string, path: string, ask?: GuardedAsk) => Promise<GuardedAnswer>;
  /** A connection on which the test speaks HTTP by hand. */
  readonly connect: (cn: string) => Promise<GuardedConnection>;
  readonly audit: () => readonly AuditLine[];
  /** What engines were asked since the last call, beside the manager's own looking after them. */
  readonly asked: () => readonly string[];
  readonly setPolicy: (policy: unknown) => void;
  readonly port: number;
  readonly policyFile: string;
  /** What `tls.connect` needs to be this client, and to trust the manager. */
  readonly certified: (
    cn: string,
  ) => Pair & { readonly ca: string; readonly host: string; readonly port: number };
  /** The files of another manager's certificate. */
  readonly writePair: (cn: string) => Promise<{ ca: string; cert: string; key: string }>;
}

export interface GuardedConnection {
  readonly write: (text: string) => void;
  readonly text: () => string;
  readonly sees: (part: string) => Promise<void>;
  readonly closed: Promise<void>;
  readonly end: () => void;
}

export async function startGuardedManager({
  policy = POLICY,
  engines: wanted = [{ name: "node-1" }],
}: { policy?: unknown; engines?: readonly EngineOptions[] } = {}): Promise<GuardedManager> {
  const folder = mkdtempSync(path.join(tmpdir(), "swarm-access-"));
  const authority = await TestAuthority.create();
  const server = { cn: "manager", sans: ["127.0.0.1"] };
  const tls = await authority.write(folder, server);
  const pairs = new Map(
    await Promise.all(CLIENTS.map(async (spec) => [spec.cn, await authority.issue(spec)] as const)),
  );
  const policyFile = path.join(folder, "policy.json");
  const setPolicy = (given: unknown): void =>
    writeFileSync(policyFile, typeof given === "string" ? given : JSON.stringify(given));
  setPolicy(policy);
  const engines = await Promise.all(
    wanted.map((each) => startSimulatedEngine({ keepRequests: 100_000, ...each })),
  );
  const fronts = await Promise.all(
    engines.map((engine) => startFront(engine, authority.ca, authority.issue(server))),
  );
  const port = await freePort();
  const log: string[] = [];
  const logger = pino({ level: "warn", base: null }, { write: (line: string) => void log.push(line) });
  const config = { ...configFor(port), tls: { verify: true, ...tls }, authzPolicy: policyFile };
  const app = await createApp(config, {
    log: logger,
    discovery: createDiscovery(`nodes://${fronts.map(({ addr }) => addr).join(",")}`, {
      heartbeatMs: 60_000,
      options: {},
      env: {},
    }),
    random: () => 0.5,
    version: "0.0.0-test",
  });
  app.failed.catch(() => undefined);
  const agents = new Map<string, Agent>();
  const agentOf = (cn: string): Agent => {
    const agent = agents.get(cn) ?? new Agent({ keepAlive: true });
    agents.set(cn, agent);
    return agent;
  };
  const certified = (cn: string) => ({ host: "127.0.0.1", port, ca: authority.ca, ...pairOf(pairs, cn) });
  const as: GuardedManager["as"] = (cn, method, target, ask) =>
    request({ ...certified(cn), agent: agentOf(cn), method, path: target }, ask);
  const marks = new Map<SimulatedEngine, number>();
  const manager: GuardedManager = {
    engines,
    log,
    as,
    connect: (cn) => openConnection(certified(cn)),
    audit: () => log.map((line) => JSON.parse(line) as AuditLine).filter(({ msg }) => msg === "audit"),
    asked: () =>
      engines.flatMap((engine) => {
        const from = marks.get(engine) ?? 0;
        marks.set(engine, engine.requests.length);
        return engine.requests
          .slice(from)
          .filter(({ method, url }) => method !== "GET" || !LOOKING_AFTER.test(url))
          .map(({ method, url }) => `${method} ${url.replace(/^\/v[\d.]+/, "")}`);
      }),
    port,
    policyFile,
    certified,
    writePair: (cn) => authority.write(path.join(folder, cn), { cn, sans: ["127.0.0.1"] }),
    setPolicy: (given) => {
      setPolicy(given);
      app.reload();
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents.values()) agent.destroy();
      await app[Symbol.asyncDispose]();
      await Promise.all(fronts.map(({ close }) => close()));
      await Promise.all(engines.map((engine) => engine.dispose()));
      rmSync(folder, { recursive: true });
    },
  };
  await until(async () => {
    const { SystemStatus } = (await as("root", "GET", "/info")).json() as {
      SystemStatus: [string, string][];
    };
    return SystemStatus.filter((row) => row[1] === "Healthy").length === engines.length;
  });
  manager.asked();
  return manager;
}

/** What the manager asks engines on its own account, and a view may ask too. */
const LOOKING_AFTER =
  /^\/(v[\d.]+\/)?(_ping|version|info|events|images\/json|networks|volumes|containers\/json|containers\/[0-9a-f]{64}\/json)(\?|$)/;

function pairOf(pairs: ReadonlyMap<string, Pair>, cn: string): Pair {
  const pair = pairs.get(cn);
  if (pair === undefined) throw new Error(`no client is called ${cn}`);
  return pair;
}

interface Front {
  readonly addr: string;
  readonly close: () => Promise<void>;
}

/** TLS in front of a simulated engine, which speaks plain HTTP. */
async function startFront({ addr }: SimulatedEngine, ca: string, pair: Promise<Pair>): Promise<Front> {
  const [host = "", port = ""] = addr.split(":");
  const sockets = new Set<Socket>();
  const options = { ...(await pair), ca, requestCert: true, allowHalfOpen: true };
  const front = createServer(options as TlsOptions, (client) => {
    const engine = connectPlain({ host, port: Number(port), allowHalfOpen: true });
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  front.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  return {
    addr: `127.0.0.1:${String((front.address() as AddressInfo).port)}`,
    close: async () => {
      // A stream of which only one side has said goodbye stays open.
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}

function request(options: object, { body, headers }: GuardedAsk = {}): Promise<GuardedAnswer> {
  return new Promise((resolve, reject) => {
    const isPlain = body === undefined || typeof body === "string" || Buffer.isBuffer(body);
    const given = { ...(isPlain ? {} : { "Content-Type": "application/json" }), ...headers };
    let answered = false;
    const req = httpsRequest({ ...options, headers: given }, (res) => {
      answered = true;
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => resolve(answerOf(res.statusCode ?? 0, Buffer.concat(chunks).toString())));
    });
    req.on("error", (error) => {
      if (!answered) reject(error);
    });
    req.end(isPlain ? body : JSON.stringify(body));
  });
}

function answerOf(status: number, text: string): GuardedAnswer {
  const json = (): unknown => JSON.parse(text);
  let message = "";
  if (status >= 400 && text !== "") message = (json() as { message?: string }).message ?? "";
  return { status, text, message, json };
}

async function openConnection(options: object): Promise<GuardedConnection> {
  const socket = connect({ ...options, allowHalfOpen: true } as object);
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once("end", resolve);
    socket.once("close", () => resolve());
  });
  await new Promise<void>((resolve) => socket.once("secureConnect", () => resolve()));
  return {
    write: (data) => void socket.write(data),
    text: () => text,
    sees: (part) => until(() => text.includes(part), JSON.stringify(part)),
    closed,
    end: () => socket.destroy(),
  };
}
