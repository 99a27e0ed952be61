import { createServer, ServerResponse, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { seedContainer } from "./create.ts";
import type { EventInput } from "./event-log.ts";
import { EngineRefusal, Exchange } from "./exchange.ts";
import { bringUp, onExit, removeContainer } from "./lifecycle.ts";
import { Listener } from "./listener.ts";
import { allocatePorts } from "./ports.ts";
import { router } from "./routes.ts";
import { EngineState, type PortHolder } from "./state.ts";
import type { ContainerSeed, EngineOptions, RequestRecord, SimContainer } from "./types.ts";

interface PlannedFailure {
  readonly route: string;
  readonly status: number;
  readonly message: string;
}

/**
 * A Docker engine made of HTTP and memory: it answers as dockerd does, its containers run in a tiny interpreter. Tests and
 * benchmarks hold on to it to look inside and to make it fail.
 */
export class SimulatedEngine implements AsyncDisposable {
  /** The newest requests, oldest first; how many is the option `keepRequests`. */
  readonly requests: RequestRecord[] = [];
  /** Requests since the start by route name, `GET /info`. */
  readonly counters = new Map<string, number>();
  readonly #state: EngineState;
  readonly #listener: Listener;
  readonly #keepRequests: number;
  readonly #failures: PlannedFailure[] = [];
  #frozen: (() => void)[] | undefined;
  #slowMs = 0;
  #seeded = 0;

  private constructor(options: EngineOptions) {
    this.#state = new EngineState(options);
    this.#keepRequests = options.keepRequests ?? 200;
    const http = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
    http.on("request", (req, res) => this.#receive(req, res, undefined));
    http.on("upgrade", (req, socket, head) => {
      const res = new ServerResponse(req);
      res.shouldKeepAlive = false;
      res.assignSocket(req.socket);
      res.on("finish", () => {
        if (res.socket) socket.end();
      });
      socket.on("error", () => socket.destroy());
      socket.unshift(head);
      this.#receive(req, res, socket);
    });
    this.#listener = new Listener(http, options.host ?? "127.0.0.1", options.port ?? 0);
    const { containers = [] } = options;
    const seeds =
      typeof containers === "number" ? Array.from({ length: containers }, () => ({})) : containers;
    for (const seed of seeds) this.#seed(seed);
  }

  /** A listening engine. Rejects when the port is taken. */
  static async start(options: EngineOptions): Promise<SimulatedEngine> {
    const engine = new SimulatedEngine(options);
    await engine.#listener.open();
    return engine;
  }

  /** `127.0.0.1:41234`. */
  get addr(): string {
    return this.#listener.addr;
  }

  get name(): string {
    return this.#state.name;
  }

  get id(): string {
    return this.#state.id;
  }

  /** Its containers by ID. */
  get containers(): ReadonlyMap<string, SimContainer> {
    return this.#state.containers;
  }

  /** Everything it knows, for tests that need to look or change more. */
  get state(): EngineState {
    return this.#state;
  }

  /** Open client connections. */
  get connections(): number {
    return this.#listener.connections;
  }

  /** A container by name or ID. Throws when there is none. */
  container(reference: string): SimContainer {
    return this.#state.container(reference);
  }

  /** Requests of one route so far. */
  count(route: string): number {
    return this.counters.get(route) ?? 0;
  }

  /** Freezes it, as SIGSTOP does: connections are accepted, nothing is answered, streams stand still. */
  suspend(): void {
    this.#frozen ??= [];
    this.#listener.freeze();
  }

  /** Ends `suspend`: what has waited is answered now. */
  resume(): void {
    const waiting = this.#frozen ?? [];
    this.#frozen = undefined;
    this.#listener.thaw();
    for (const serve of waiting) serve();
  }

  /** Closes the listener and cuts every connection; what the engine knows stays, containers run on. */
  hangUp(): Promise<void> {
    return this.#listener.close();
  }

  /** Listens again, at the same address. */
  revive(): Promise<void> {
    return this.#listener.open();
  }

  /** Every answer from now on comes this much later; 0 ends it. */
  slow(ms: number): void {
    this.#slowMs = ms;
  }

  /** Sets its clock off by so many milliseconds. */
  setClockDelta(ms: number): void {
    this.#state.clock.deltaMs = ms;
  }

  /** The next request of this route (`POST /containers/create`) is refused so. Call it twice for two. */
  failNext(route: string, status: number, message: string): void {
    if (!router.has(route)) throw new Error(`no such route: ${route}`);
    this.#failures.push({ route, status, message });
  }

  /** Makes a host port unavailable without any container holding it. */
  holdPort(port: number, by: PortHolder = "allocator"): void {
    this.#state.heldPorts.set(port, by);
  }

  releasePort(port: number): void {
    this.#state.heldPorts.delete(port);
  }

  /** Adds a container behind everybody's back: no request; events only when `announce` is set. */
  addContainer(seed: ContainerSeed, announce = false): SimContainer {
    const container = this.#seed(seed);
    if (!announce) return container;
    this.#state.containerEvent(container, "create");
    if (container.status !== "created") this.#state.containerEvent(container, "start");
    return container;
  }

  /** Ends a running container as if its process had exited; a `die` event tells. */
  exitContainer(reference: string, code = 0): void {
    onExit(this.#state, this.container(reference), code);
  }

  /** Removes a container with force, with the events of that. */
  removeContainer(reference: string): void {
    removeContainer(this.#state, this.container(reference), true);
  }

  /** Sets a container's health and tells so: `health_status: healthy`. */
  setHealth(reference: string, status: "starting" | "healthy" | "unhealthy"): void {
    const container = this.container(reference);
    container.health = status;
    this.#state.containerEvent(container, `health_status: ${status}`);
  }

  /** Sends an event of the caller's making to everyone who listens. */
  emit(event: EventInput): void {
    this.#state.events.record(event);
  }

  /** Cuts everything and forgets its timers. */
  async dispose(): Promise<void> {
    this.#frozen = undefined;
    this.#state.alarms.clear();
    for (const { process } of this.#state.containers.values()) process?.discard();
    await this.#listener.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #seed(seed: ContainerSeed): SimContainer {
    const state = this.#state;
    const container = seedContainer(state, seed, this.#seeded++);
    const status = seed.state ?? "running";
    if (status === "created") return container;
    bringUp(state, container);
    if (status === "exited") {
      Object.assign(container, {
        status,
        exitCode: seed.exitCode ?? 0,
        finishedMs: state.clock.now(),
        pid: 0,
      });
      for (const endpoint of container.endpoints) Object.assign(endpoint, { id: "", ip: "" });
      return container;
    }
    if (Object.keys(container.hostConfig).length > 0) container.ports = allocatePorts(state, container);
    container.status = status;
    return container;
  }

  #receive(req: IncomingMessage, res: ServerResponse, upgrade: Duplex | undefined): void {
    const serve = (): void => {
      if (this.#frozen) this.#frozen.push(serve);
      else void this.#serve(req, res, upgrade);
    };
    if (this.#slowMs > 0) this.#state.alarms.after(this.#slowMs, serve);
    else serve();
  }

  async #serve(req: IncomingMessage, res: ServerResponse, upgrade: Duplex | undefined): Promise<void> {
    const { method = "GET", url = "/" } = req;
    const [, major, minor, path = "/", search = ""] = /^(?:\/v(\d+)\.(\d+))?([^?]*)\??(.*)$/.exec(url) ?? [];
    const route = router.find(method, path);
    this.#note(req, route?.name ?? "404");
    const { apiVersion, minApiVersion, serverVersion } = this.#state.versions;
    const apiMinor = minor === undefined ? this.#state.apiMinor : Number(minor);
    const exchange = new Exchange(this.#state, req, res, {
      query: new URLSearchParams(search),
      apiMinor,
      upgrade,
    });
    if (!route) {
      exchange.refuse(404, "page not found");
      return;
    }
    exchange.params = route.params;
    res.setHeader("Api-Version", apiVersion);
    res.setHeader("Ostype", "linux");
    res.setHeader("Server", `Docker/${serverVersion} (linux)`);
    if (minor !== undefined && compare(`${major ?? ""}.${minor}`, apiVersion) > 0) {
      exchange.refuse(
        400,
        `client version ${major ?? ""}.${minor} is too new. Maximum supported API version is ${apiVersion}`,
      );
      return;
    }
    if (minor !== undefined && compare(`${major ?? ""}.${minor}`, minApiVersion) < 0) {
      const text = `client version ${major ?? ""}.${minor} is too old. Minimum supported API version is ${minApiVersion}, please upgrade your client to a newer version\n`;
      res
        .writeHead(400, { "Content-Type": "text/plain; charset=utf-8", "Content-Length": text.length })
        .end(text);
      return;
    }
    res.setHeader("Docker-Experimental", "false");
    const planned = this.#failures.findIndex((failure) => failure.route === route.name);
    const [failure] = planned < 0 ? [] : this.#failures.splice(planned, 1);
    try {
      if (failure) throw new EngineRefusal(failure.status, failure.message);
      await route.handle(exchange);
    } catch (error) {
      if (error instanceof EngineRefusal) exchange.refuse(error.status, error.message);
      else if (!res.destroyed && !req.socket.destroyed)
        exchange.refuse(500, `simulated engine: ${String(error)}`);
    }
  }

  #note({ method = "", url = "", headers }: IncomingMessage, route: string): void {
    this.counters.set(route, this.count(route) + 1);
    if (this.#keepRequests === 0) return;
    this.requests.push({ method, url, route, headers });
    if (this.requests.length > this.#keepRequests) this.requests.shift();
  }
}

function compare(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}
