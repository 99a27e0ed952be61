import type { Socket } from "node:net";
import { newImageId } from "./container-view.ts";
import { EngineRefusal, type Exchange } from "./exchange.ts";
import { imageEvent } from "./image-routes.ts";
import { normalizeReference } from "./images.ts";
import type { Route } from "./router.ts";
import type { EngineState } from "./state.ts";

/** What an engine's builder was asked and does. */
export interface BuilderState {
  /** The contexts it received, in order. */
  readonly contexts: Buffer[];
  /** Builds that wait at a `RUN sleep`, and what makes them go on. */
  readonly sleeping: Set<(how: "done" | "cancelled") => void>;
  /** How many of those were cancelled, by a client that left or by `/build/cancel`. */
  cancelled: number;
  /** Open `/session` streams by ID. */
  readonly sessions: Map<string, Socket>;
  /** Open `/grpc` streams. */
  readonly grpc: Set<Socket>;
  /** What `/build/prune` can delete. */
  caches: string[];
}

const builders = new WeakMap<EngineState, BuilderState>();

export function builderOf(state: EngineState): BuilderState {
  let builder = builders.get(state);
  if (builder === undefined) {
    builder = {
      contexts: [],
      sleeping: new Set(),
      cancelled: 0,
      sessions: new Map(),
      grpc: new Set(),
      caches: [],
    };
    builders.set(state, builder);
  }
  return builder;
}

/**
 * A build whose context is, as it stands, the Dockerfile. It understands `FROM` of an image it has or of `windows`, `RUN false`, `RUN sleep`
 * (until told otherwise), and prints any other step.
 */
async function build(exchange: Exchange): Promise<void> {
  const { state, query } = exchange;
  const builder = builderOf(state);
  const context = await exchange.body();
  builder.contexts.push(context);
  if ((query.get("buildid") ?? "").startsWith("upload-request:")) {
    exchange.empty(200);
    return;
  }
  const steps = context.toString().split("\n").filter(Boolean);
  if (steps.length === 0 && query.get("remote") === null) {
    throw new EngineRefusal(400, "the Dockerfile (Dockerfile) cannot be empty");
  }
  if (query.get("version") === "2") await buildWithBuildkit(exchange, steps);
  else await buildClassic(exchange, steps);
}

async function buildClassic(exchange: Exchange, steps: readonly string[]): Promise<void> {
  const { state, query } = exchange;
  const res = exchange.stream("application/json");
  const say = (message: object): void => void res.write(`${JSON.stringify(message)}\r\n`);
  const quiet = exchange.flag("q");
  for (const [index, step] of steps.entries()) {
    if (!quiet) say({ stream: `Step ${index + 1}/${steps.length} : ${step}\n` });
    const failure = await run(exchange, step);
    if (failure === "left") return;
    if (failure !== undefined) {
      say({ errorDetail: { code: 1, message: failure }, error: failure });
      res.end();
      return;
    }
  }
  const id = addImage(state, query.getAll("t"));
  if (quiet) say({ stream: `${id}\n` });
  else {
    say({ aux: { ID: id } });
    say({ stream: `Successfully built ${id.slice(7, 19)}\n` });
    for (const tag of query.getAll("t")) say({ stream: `Successfully tagged ${normalizeReference(tag)}\n` });
  }
  res.end();
}

/** As BuildKit does, it asks for the client's session before anything else. */
async function buildWithBuildkit(exchange: Exchange, steps: readonly string[]): Promise<void> {
  const { state, query } = exchange;
  const res = exchange.stream("application/json");
  res.write('{"id":"moby.buildkit.trace","aux":"AAAA"}\n');
  const session = query.get("session") ?? "";
  if (session !== "" && !(await sessionOpens(state, session))) {
    const message = `no active session for ${session}: context deadline exceeded`;
    res.end(`${JSON.stringify({ errorDetail: { code: 1, message }, error: message })}\n`);
    return;
  }
  for (const step of steps) if ((await run(exchange, step)) === "left") return;
  const ID = addImage(state, query.getAll("t"));
  res.end(`${JSON.stringify({ id: "moby.image.id", aux: { ID } })}\n`);
}

/** How long a build waits for its session, and how often it looks, milliseconds. */
const SESSION = { ms: 1_500, every: 5 };

function sessionOpens(state: EngineState, id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const look = (leftMs: number): void => {
      if (builderOf(state).sessions.has(id)) resolve(true);
      else if (leftMs <= 0) resolve(false);
      else state.alarms.after(SESSION.every, () => look(leftMs - SESSION.every));
    };
    look(SESSION.ms);
  });
}

/** Does one step; the text of what went wrong, or `left` when the client has gone meanwhile. */
async function run({ state, res }: Exchange, step: string): Promise<string | undefined> {
  if (step === "FROM windows") return 'image operating system "windows" cannot be used on this platform';
  if (step.startsWith("FROM ") && state.image(step.slice(5)) === undefined) {
    return `pull access denied for ${step.slice(5)}, repository does not exist`;
  }
  if (step === "RUN false") return "The command '/bin/sh -c false' returned a non-zero code: 1";
  if (step !== "RUN sleep") return undefined;
  const builder = builderOf(state);
  let wake = (_how: "done" | "cancelled"): void => undefined;
  const woken = new Promise<"done" | "cancelled">((resolve) => (wake = resolve));
  builder.sleeping.add(wake);
  res.once("close", () => wake("cancelled"));
  const how = await woken;
  builder.sleeping.delete(wake);
  if (how === "done") return undefined;
  builder.cancelled++;
  return res.destroyed ? "left" : "context canceled";
}

function addImage(state: EngineState, tags: readonly string[]): string {
  const id = newImageId();
  const names = tags.map(normalizeReference);
  state.images.set(id, {
    id,
    tags: names,
    digests: [],
    createdMs: state.clock.now(),
    sizeBytes: 2_000_000,
    labels: null,
    cmd: ["sh"],
    comment: "",
  });
  for (const name of names) imageEvent(state, "tag", id, name);
  return id;
}

function cancel(exchange: Exchange): void {
  for (const wake of builderOf(exchange.state).sleeping) wake("cancelled");
  exchange.empty(200);
}

function prune(exchange: Exchange): void {
  exchange.filters();
  const builder = builderOf(exchange.state);
  const { caches } = builder;
  builder.caches = [];
  exchange.json(200, {
    CachesDeleted: caches.length === 0 ? null : caches,
    SpaceReclaimed: 10 * caches.length,
  });
}

/** The answer to `Upgrade: h2c`; what follows is an echo here instead of HTTP/2. */
function upgrade({ req, res }: Exchange): Socket {
  const { socket } = req;
  if (req.headers.upgrade !== "h2c") throw new EngineRefusal(400, "no upgrade to h2c");
  res.detachSocket(socket);
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
  socket.on("data", (chunk: Buffer) => socket.write(chunk));
  socket.once("end", () => socket.end());
  return socket;
}

function session(exchange: Exchange): void {
  const { sessions } = builderOf(exchange.state);
  const id = exchange.req.headers["x-docker-expose-session-uuid"];
  if (typeof id !== "string") throw new EngineRefusal(400, "no session ID");
  const socket = upgrade(exchange);
  sessions.set(id, socket);
  socket.once("close", () => sessions.delete(id));
}

function grpc(exchange: Exchange): void {
  const open = builderOf(exchange.state).grpc;
  const socket = upgrade(exchange);
  open.add(socket);
  socket.once("close", () => open.delete(socket));
}

/** Builds, with either builder, and BuildKit's streams. */
// prettier-ignore
export const buildRoutes: readonly Route[] = [
  { method: "post", path: "/build",        handle: build },
  { method: "post", path: "/build/cancel", handle: cancel },
  { method: "post", path: "/build/prune",  handle: prune },
  { method: "post", path: "/session",      handle: session },
  { method: "post", path: "/grpc",         handle: grpc },
];
