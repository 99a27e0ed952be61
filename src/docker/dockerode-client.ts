import type {
  ContainerListing,
  EngineCall,
  EngineClient,
  EngineStreamCall,
  EventFeed,
  PullOptions,
} from "./engine-client.ts";
import { EngineResponseError } from "./engine-client.ts";
import { EngineCalls, type Call, type EngineCallsOptions } from "./engine-calls.ts";
import { AnsweredEventFeed } from "./event-feed.ts";
import { jsonTexts } from "./json-stream.ts";
import { KeptLists } from "./kept-lists.ts";
import { containerEntry, entriesOf, imageEntry, networkEntry, volumeEntry } from "./list-entries.ts";
import type {
  ContainerInspect,
  ContainerSummary,
  EngineInfo,
  EngineVersion,
  ImageSummary,
  NetworkSummary,
  Unknown,
  VolumeSummary,
} from "./types.ts";

/** Deadlines, milliseconds. */
export interface Deadlines {
  readonly probe: number;
  /** An ordinary call. */
  readonly call: number;
  /** A list, which a busy engine may take its time for. */
  readonly list: number;
  /** A call which may do real work. */
  readonly work: number;
}

const DEADLINES: Deadlines = { probe: 5_000, call: 10_000, list: 30_000, work: 120_000 };

export interface DockerodeClientOptions extends EngineCallsOptions {
  readonly deadlines?: Partial<Deadlines> | undefined;
}

/**
 * {@link EngineClient} over dockerode: which route, which version, which deadline, and whether the answer is of the shape we rely on. An
 * engine's answer is input like any other.
 */
export class DockerodeClient implements EngineClient {
  readonly #calls: EngineCalls;
  readonly #deadlines: Deadlines;
  readonly #kept = new KeptLists();
  /** `/v1.41`; empty before negotiation. */
  #prefix = "";

  constructor(options: DockerodeClientOptions) {
    this.#calls = new EngineCalls(options);
    this.#deadlines = { ...DEADLINES, ...options.deadlines };
  }

  useApiVersion(version: string): void {
    const prefix = `/v${version}`;
    if (prefix !== this.#prefix) this.#kept.clear();
    this.#prefix = prefix;
  }

  async info(): Promise<EngineInfo> {
    return (await this.#object(get("/info", this.#deadlines.call))) as EngineInfo;
  }

  async version(): Promise<EngineVersion> {
    return (await this.#object(get("/version", this.#deadlines.call))) as EngineVersion;
  }

  async ping(): Promise<void> {
    await this.#calls.answer(get("/_ping", this.#deadlines.probe));
  }

  async events(since: string | undefined, signal: AbortSignal): Promise<EventFeed> {
    const query = since === undefined ? "" : `?since=${since}`;
    const call = this.#versioned(get(`/events${query}`, this.#deadlines.call));
    return new AnsweredEventFeed(await this.#calls.stream({ ...call, signal }), signal, this.#calls.addr);
  }

  async listContainers(ids: readonly string[]): Promise<ContainerSummary[]> {
    const filters = encodeURIComponent(JSON.stringify({ id: ids }));
    const call = this.#versioned(get(`/containers/json?all=1&filters=${filters}`, this.#deadlines.list));
    return this.#entries(call, await this.#body(call), containerEntry);
  }

  async listAllContainers(): Promise<ContainerListing> {
    const call = this.#versioned(get("/containers/json?all=1", this.#deadlines.list));
    const body = await this.#body(call);
    return { body, entries: () => this.#entries(call, body, containerEntry) };
  }

  async inspectContainer(id: string): Promise<ContainerInspect> {
    const call = this.#versioned(get(`/containers/${encodeURIComponent(id)}/json`, this.#deadlines.call));
    const answer = await this.#object(call);
    const parts = [answer.State, answer.HostConfig, answer.Config];
    if (typeof answer.Id !== "string" || !parts.every(isObject)) throw this.#malformed(call);
    return answer as ContainerInspect;
  }

  listImages(): Promise<readonly ImageSummary[]> {
    return this.#keptList(get("/images/json?all=1", this.#deadlines.list), imageEntry);
  }

  listNetworks(): Promise<readonly NetworkSummary[]> {
    return this.#keptList(get("/networks", this.#deadlines.list), networkEntry);
  }

  async listVolumes(): Promise<readonly VolumeSummary[]> {
    const call = this.#versioned(get("/volumes", this.#deadlines.list));
    const body = await this.#body(call);
    return this.#kept.read(call.path, body, () => {
      const answer = this.#read(call, body);
      if (!isObject(answer)) throw this.#malformed(call);
      return entriesOf(answer.Volumes, volumeEntry);
    });
  }

  async request<T>(given: EngineCall): Promise<T> {
    const call = this.#work(given);
    const answer = await this.#json(call);
    if (typeof answer !== "object") throw this.#malformed(call);
    return answer as T;
  }

  async requestText(given: EngineCall): Promise<string> {
    const call = this.#work(given);
    const { body } = await this.#calls.answer(call);
    return body.toString();
  }

  #work({ method, path, body, headers, signal, patient = false }: EngineCall): Call {
    return {
      method,
      path,
      body: body as object | undefined,
      timeoutMs: patient ? 0 : this.#deadlines.work,
      ok: [200, 201, 204],
      signal,
      headers: { ...headers },
    };
  }

  stream(call: EngineStreamCall): Promise<AsyncIterable<Uint8Array>> {
    return this.#calls.stream({ ...call, timeoutMs: 0, ok: [200, 204] });
  }

  async send(method: "POST" | "DELETE", path: string): Promise<void> {
    await this.#calls.answer({ method, path, timeoutMs: this.#deadlines.work, ok: [200, 201, 204] });
  }

  async startContainer(path: string): Promise<204 | 304> {
    const timeoutMs = this.#deadlines.work;
    const { status } = await this.#calls.answer({ method: "POST", path, timeoutMs, ok: [200, 204, 304] });
    return status === 304 ? 304 : 204;
  }

  removeContainer(id: string, options: { force?: boolean; volumes?: boolean }): Promise<void> {
    const query = `force=${options.force ? 1 : 0}&v=${options.volumes ? 1 : 0}`;
    return this.send("DELETE", `${this.#prefix}/containers/${encodeURIComponent(id)}?${query}`);
  }

  async pullImage(options: PullOptions): Promise<void> {
    const query = new URLSearchParams({ fromImage: options.fromImage, tag: options.tag });
    if (options.platform !== undefined) query.set("platform", options.platform);
    const headers = options.registryAuth === undefined ? {} : { "X-Registry-Auth": options.registryAuth };
    const path = `/images/create?${query.toString()}`;
    // A pull may be slow as long as it makes progress, so it has no deadline; the caller's signal ends it.
    const stream = await this.#calls.stream(
      this.#versioned({ method: "POST", path, headers, timeoutMs: 0, ok: [200], signal: options.signal }),
    );
    for await (const text of jsonTexts(stream)) {
      const { error } = (parsed(text) ?? {}) as { error?: unknown };
      if (typeof error === "string") throw new EngineResponseError(500, error);
    }
  }

  async inspectExec(id: string): Promise<{ ContainerID?: string } | undefined> {
    try {
      return await this.#object(
        this.#versioned(get(`/exec/${encodeURIComponent(id)}/json`, this.#deadlines.call)),
      );
    } catch (error) {
      if (error instanceof EngineResponseError && error.status === 404) return undefined;
      throw error;
    }
  }

  async distributionOsTypes(image: string, registryAuth: string | undefined): Promise<string[]> {
    const segments = image.split("/");
    if (segments.some((segment) => segment === "" || segment === "." || segment === ".."))
      throw new EngineResponseError(400, "invalid reference format");
    const path = `/distribution/${segments.map(encodeURIComponent).join("/")}/json`;
    const headers = registryAuth === undefined ? {} : { "X-Registry-Auth": registryAuth };
    const { Platforms } = await this.#object(
      this.#versioned({ ...get(path, this.#deadlines.probe), headers }),
    );
    return [...new Set(entries<{ os: string }>(Platforms, "os").map(({ os }) => os))];
  }

  #versioned(call: Call): Call {
    return { ...call, path: `${this.#prefix}${call.path}` };
  }

  /** The same list as the last time, where the engine says the same. */
  async #keptList<T>(unversioned: Call, read: (entry: unknown) => T | undefined): Promise<readonly T[]> {
    const call = this.#versioned(unversioned);
    const body = await this.#body(call);
    return this.#kept.read(call.path, body, () => this.#entries(call, body, read));
  }

  /** A list of objects; entries that cannot be read are left out, `null` is an empty list. @throws EngineResponseError */
  #entries<T>(call: Call, body: Buffer, read: (entry: unknown) => T | undefined): T[] {
    const answer = this.#read(call, body);
    if (answer !== null && !Array.isArray(answer)) throw this.#malformed(call);
    return entriesOf(answer, read);
  }

  async #object(call: Call): Promise<Unknown> {
    const answer = await this.#json(call);
    if (!isObject(answer)) throw this.#malformed(call);
    return answer;
  }

  async #json(call: Call): Promise<unknown> {
    return this.#read(call, await this.#body(call));
  }

  async #body(call: Call): Promise<Buffer> {
    return (await this.#calls.answer(call)).body;
  }

  #read(call: Call, body: Buffer): unknown {
    const answer = parsed(body.toString());
    if (answer === undefined) throw this.#malformed(call);
    return answer;
  }

  #malformed({ method, path }: Call): EngineResponseError {
    return new EngineResponseError(
      500,
      `${this.#calls.addr} did not answer ${method} ${path} with the JSON expected: is it a Docker Engine?`,
    );
  }
}

const get = (path: string, timeoutMs: number): Call => ({ method: "GET", path, timeoutMs, ok: [200] });

const isObject = (value: unknown): value is Unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Those entries of a list which are objects with this text in them. */
function entries<T>(list: unknown, key: string): T[] {
  if (!Array.isArray(list)) return [];
  return list.filter((entry: unknown) => isObject(entry) && typeof entry[key] === "string") as T[];
}

/** `undefined`: not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
