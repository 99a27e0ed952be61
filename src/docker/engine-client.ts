import type { Readable } from "node:stream";
import type {
  ContainerInspect,
  ContainerSummary,
  EngineEvent,
  EngineInfo,
  EngineVersion,
  ImageSummary,
  NetworkSummary,
  VolumeSummary,
} from "./types.ts";

/** An engine answered, but not with success: its status and its own message. The engine is alive. */
export class EngineResponseError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "EngineResponseError";
    this.status = status;
  }
}

/** The `code` of a call that its own caller gave up; says nothing about the engine. */
export const CANCELLED = "ECANCELED";

/** No (complete) answer: refused, reset, timed out, not HTTP. Counts against the engine's health. */
export class EngineUnreachableError extends Error {
  readonly code: string;
  /** `host:port` of the engine, where the caller knew it. */
  readonly addr: string | undefined;
  constructor(message: string, code: string, options?: ErrorOptions & { readonly addr?: string }) {
    super(message, options);
    this.name = "EngineUnreachableError";
    this.code = code;
    this.addr = options?.addr;
  }
}

/** A call with JSON both ways, for what has no method of its own. */
export interface EngineCall {
  readonly method: "GET" | "POST" | "DELETE";
  /** Versioned, with query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** No deadline, for work that takes as long as there is much of it. When the engine is found dead, the call ends. */
  readonly patient?: boolean;
}

/** A call whose answer is read as it comes, and whose body may be a stream. */
export interface EngineStreamCall {
  readonly method: "GET" | "POST";
  /** Versioned, with query. */
  readonly path: string;
  /** Sent chunked, as `application/tar` unless the headers say otherwise. An error in it ends the call. */
  readonly upload?: Readable | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the call, also while the answer is being read. */
  readonly signal?: AbortSignal | undefined;
}

/** A pull; rejects with EngineResponseError when it fails. */
export interface PullOptions {
  /** `repo` with tag or digest, as `fromImage` and `tag` want them. */
  readonly fromImage: string;
  readonly tag: string;
  readonly platform?: string | undefined;
  /** `X-Registry-Auth`, passed on verbatim. */
  readonly registryAuth?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** All containers of an engine, as it listed them: read only by whoever needs more than the bytes. */
export interface ContainerListing {
  readonly body: Buffer;
  /** @throws EngineResponseError when it is no list */
  entries(): ContainerSummary[];
}

/** An open event stream. What arrives before it is read waits. */
export interface EventFeed {
  /**
   * Hands on each event in the turn in which it arrives, none after the signal. Call it once.
   * @returns when the engine ends the stream, or the signal does
   * @throws EngineUnreachableError when the connection breaks
   */
  read(onEvent: (event: EngineEvent) => void): Promise<void>;
  /** Stops the stream until {@link resume}. What has arrived with the last event still comes: at most some 64 KiB. */
  pause(): void;
  resume(): void;
}

/**
 * All we ask of one engine. Every call has a deadline of its own and rejects with {@link EngineResponseError} or
 * {@link EngineUnreachableError}; one that would change something also with the ApiError 503 of a manager that may not act any more.
 * @see https://docs.docker.com/reference/api/engine/
 */
export interface EngineClient {
  /** Unversioned, so that it works before negotiation. */
  info(): Promise<EngineInfo>;
  version(): Promise<EngineVersion>;
  /** A cheap probe, 5 s. */
  ping(): Promise<void>;
  /** The API version (`1.41`) used from now on. */
  useApiVersion(version: string): void;
  /**
   * Opens the event stream; resolves when the response headers are here.
   * @param since replay from this engine time, as text `seconds.nanoseconds`
   * @param signal ends it quietly
   */
  events(since: string | undefined, signal: AbortSignal): Promise<EventFeed>;
  /** Of these only. */
  listContainers(ids: readonly string[]): Promise<ContainerSummary[]>;
  listAllContainers(): Promise<ContainerListing>;
  inspectContainer(id: string): Promise<ContainerInspect>;
  /** As the other lists, the very same one as long as the engine says the same. */
  listImages(): Promise<readonly ImageSummary[]>;
  listNetworks(): Promise<readonly NetworkSummary[]>;
  listVolumes(): Promise<readonly VolumeSummary[]>;
  /** Any other call that answers JSON; two minutes, unless patient. */
  request<T>(call: EngineCall): Promise<T>;
  /** The same, for whoever passes the answer on: the body as it came. */
  requestText(call: EngineCall): Promise<string>;
  /**
   * A call that may take as long as it makes progress, such as a pull, a load or a save: it has no deadline. Resolves at the answer's headers
   * when the status is 200 or 204; the iteration throws {@link EngineUnreachableError} when the connection breaks.
   */
  stream(call: EngineStreamCall): Promise<AsyncIterable<Uint8Array>>;
  /** A call whose answer says nothing but success. @param path versioned, with query */
  send(method: "POST" | "DELETE", path: string): Promise<void>;
  /** @param path versioned, e.g. `/v1.41/containers/<id>/start?detachKeys=…` @returns 204, or 304 when it ran already */
  startContainer(path: string): Promise<204 | 304>;
  removeContainer(id: string, options: { force?: boolean; volumes?: boolean }): Promise<void>;
  pullImage(options: PullOptions): Promise<void>;
  /** `GET /exec/{id}/json`; undefined when the engine does not know it. */
  inspectExec(id: string): Promise<{ ContainerID?: string } | undefined>;
  /** The operating systems an image exists for, from its registry (`GET /distribution/{name}/json`). */
  distributionOsTypes(image: string, registryAuth: string | undefined): Promise<string[]>;
}
