import { createServer, ServerResponse } from "node:http";
import { seedContainer } from "./create.ts";
import type { EventInput } from "./event-log.ts";
import { EngineRefusal, Exchange, type HttpSide } from "./exchange.ts";
import { headersOf, type LeanHandler, type LeanRequest } from "./lean-lane.ts";
import { LEAN_ROUTES } from "./lean-routes.ts";
import { bringUp, onExit, removeContainer } from "./lifecycle.ts";
import { Listener } from "./listener.ts";
import { PlannedFailures } from "./planned-failures.ts";
import { allocatePorts } from "./ports.ts";
import type { FoundRoute } from "./router.ts";
import { router } from "./routes.ts";
import { EngineState, type PortHolder } from "./state.ts";
import type { ContainerSeed, EngineOptions, RequestRecord, SimContainer } from "./types.ts";
import { parseUrl, VersionGate, type ParsedUrl } from "./version-gate.ts";

/** What a request is for, read once. */
interface Asked {
  readonly url: ParsedUrl;
  /** Undefined: there is no such route. */
  readonly route: FoundRoute | undefined;
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
  readonly #gate: VersionGate;
  readonly #listener: Listener;
  readonly #keepRequests: number;
  readonly #failures = new PlannedFailures();
  #frozen: (() => void)[] | undefined;
  #slowMs = 0;
  #seeded = 0;

  private constructor(options: EngineOptions) {
    this.#state = new EngineState(options);
    this.#gate = new VersionGate(this.#state.versions);
    this.#keepRequests = options.keepRequests ?? 200;
    const http = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
    http.on("request", (req, res) => this.#receiveHttp({ req, res, upgrade: undefined }));
    http.on("upgrade", (req, socket, head) => {
      const res = new ServerResponse(req);
      res.shouldKeepAlive = false;
      res.assignSocket(req.socket);
      res.on("finish", () => {
        if (res.socket) socket.end();
      });
      socket.on("error", () => socket.destroy());
      socket.unshift(head);
      this.#receiveHttp({ req, res, upgrade: socket });
    });
    const lean: LeanHandler = (method, url) => this.#lean(method, url);
    const { host = "127.0.0.1", port = 0, door } = options;
    this.#listener = new Listener(http, lean, { host, port, door });
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
    this.#failures.add(route, status, message);
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

  /** What serves a request without Node's HTTP server, if that can be: a plain route, in a version this engine speaks. */
  #lean(method: string, url: string): ((request: LeanRequest) => void) | undefined {
    const parsed = parseUrl(url);
    const route = router.find(method, parsed.path);
    if (route === undefined || !LEAN_ROUTES.has(route.name) || this.#gate.refusal(parsed)) return undefined;
    return (request) => this.#receive(request, { url: parsed, route });
  }

  #receiveHttp(side: HttpSide): void {
    const { method = "GET", url = "/" } = side.req;
    const parsed = parseUrl(url);
    this.#receive(side, { url: parsed, route: router.find(method, parsed.path) });
  }

  #receive(side: HttpSide | LeanRequest, asked: Asked): void {
    if (this.#slowMs === 0 && this.#frozen === undefined) {
      void this.#serve(side, asked);
      return;
    }
    const serve = (): void => {
      if (this.#frozen) this.#frozen.push(serve);
      else void this.#serve(side, asked);
    };
    if (this.#slowMs > 0) this.#state.alarms.after(this.#slowMs, serve);
    else serve();
  }

  async #serve(side: HttpSide | LeanRequest, { url, route }: Asked): Promise<void> {
    this.#note(side, route?.name ?? "404");
    const apiMinor = url.minor === undefined ? this.#state.apiMinor : Number(url.minor);
    const params = route?.params ?? {};
    const exchange = new Exchange(this.#state, side, { search: url.search, apiMinor, params });
    if (!route) {
      exchange.refuse(404, "page not found");
      return;
    }
    if ("req" in side && !this.#prepare(side.res, exchange, url)) return;
    try {
      this.#failures.check(route.name);
      await route.handle(exchange);
    } catch (error) {
      if (error instanceof EngineRefusal) exchange.refuse(error.status, error.message);
      else if (!("req" in side) || (!side.res.destroyed && !side.req.socket.destroyed))
        exchange.refuse(500, `simulated engine: ${String(error)}`);
    }
  }

  /** Gives an answer its headers, and refuses a version the engine does not speak. @returns false: that was the answer */
  #prepare(res: ServerResponse, exchange: Exchange, url: ParsedUrl): boolean {
    const { apiVersion, serverVersion } = this.#state.versions;
    res.setHeader("Api-Version", apiVersion);
    res.setHeader("Ostype", "linux");
    res.setHeader("Server", `Docker/${serverVersion} (linux)`);
    const refusal = this.#gate.refusal(url);
    if (refusal === undefined) {
      res.setHeader("Docker-Experimental", "false");
      return true;
    }
    const { tooNew, text } = refusal;
    const headers = { "Content-Type": "text/plain; charset=utf-8", "Content-Length": text.length };
    if (tooNew) exchange.refuse(400, text);
    else exchange.answer(400, headers, text);
    return false;
  }

  #note(side: HttpSide | LeanRequest, route: string): void {
    this.counters.set(route, this.count(route) + 1);
    if (this.#keepRequests === 0) return;
    const { method = "", url = "" } = "req" in side ? side.req : side;
    const headers = "req" in side ? side.req.headers : headersOf(side.head);
    this.requests.push({ method, url, route, headers });
    if (this.requests.length > this.#keepRequests) this.requests.shift();
  }
}
