import { inspect } from "node:util";
import Docker from "dockerode";
import type { Agent, IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { ApiError, errorText } from "../errors.ts";
import { AnswerBody } from "./answer-body.ts";
import { TooLargeError, type WholeAnswer } from "./answer-parser.ts";
import { callMessage } from "./call-message.ts";
import { CallScope, OpenCalls } from "./call-scope.ts";
import { CANCELLED, EngineResponseError, EngineUnreachableError } from "./engine-client.ts";
import { HTTP_TO_HTTPS, httpToHttpsText } from "./engine-tls-error.ts";
import type { EngineWire } from "./engine-wire.ts";
import { readWhole } from "./read-whole.ts";
import { explained, TlsEngineAgent } from "./tls-engine-agent.ts";

/** An engine's whole answer may not be larger than this many bytes: ten thousand containers' list is a tenth of it. */
const MAX_ANSWER_BYTES = 256 << 20;

/** What a call to the engine needs. */
export interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  /** With query, e.g. `/containers/create?name=web`. */
  readonly path: string;
  /** Sent as JSON, with POST only. */
  readonly body?: object | undefined;
  /** Sent as it comes, instead of a body. */
  readonly upload?: Readable | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for the whole call, for a stream until the headers are here; 0: none. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Statuses that are success. */
  readonly ok: readonly number[];
}

export interface EngineCallsOptions {
  readonly host: string;
  readonly port: number;
  /** For what streams. */
  readonly agent: Agent;
  /** For everything else. */
  readonly wire: EngineWire;
  /** Ends every call, and lets no new one begin. */
  readonly closed?: AbortSignal | undefined;
  readonly maxAnswerBytes?: number | undefined;
  /** Asked right before a call that is no GET is sent. @throws ApiError when it may not be */
  readonly fence?: (() => void) | undefined;
}

/** The part of docker-modem's dial options that dockerode's typings leave out. */
interface DialOptions {
  path: string;
  method: string;
  options?: unknown;
  file?: Readable;
  headers: Record<string, string>;
  abortSignal: AbortSignal;
  isStream: true;
  allowEmpty: true;
  statusCodes: Readonly<Record<number, boolean>>;
}

/**
 * HTTP calls to one engine: short ones through its wire, what streams through dockerode's modem. The modem hands over every answer as a stream at
 * its headers; reading it, within limits, is done here, because the modem itself never calls back when an answer breaks off.
 */
export class EngineCalls {
  /** `host:port`, IPv6 in brackets. */
  readonly addr: string;
  readonly #options: EngineCallsOptions;
  #docker: Docker | undefined;
  readonly #closed: OpenCalls | undefined;
  readonly #maxAnswerBytes: number;

  constructor(options: EngineCallsOptions) {
    const { host, port, closed, maxAnswerBytes = MAX_ANSWER_BYTES } = options;
    this.addr = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    this.#options = options;
    this.#closed = closed && new OpenCalls(closed);
    this.#maxAnswerBytes = maxAnswerBytes;
  }

  /** The whole answer. @throws EngineResponseError, EngineUnreachableError */
  async answer(call: Call): Promise<WholeAnswer> {
    const scope = this.#scope(call);
    try {
      this.#check(call, scope);
      const { wire, fence } = this.#options;
      const request = {
        method: call.method,
        message: callMessage(this.addr, call),
        maxAnswerBytes: this.#maxAnswerBytes,
        mayStill: call.method === "GET" ? undefined : fence,
      };
      return this.#accepted(call, await wire.send(request, scope));
    } catch (error) {
      throw this.#typed(error, scope, call);
    } finally {
      scope.end();
    }
  }

  /**
   * The answer's body from its headers on. It ends with an error when the connection breaks or the call is given up.
   * @throws EngineResponseError, EngineUnreachableError
   */
  async stream(call: Call): Promise<AnswerBody> {
    const scope = this.#scope(call);
    try {
      const response = await this.#dial(call, scope);
      const status = response.statusCode ?? 0;
      if (!call.ok.includes(status))
        this.#accepted(call, { status, body: await readWhole(response, this.#maxAnswerBytes) });
      scope.dropDeadline();
      response.once("close", () => scope.end());
      return new AnswerBody(response, (error) => this.#typed(error, scope, call));
    } catch (error) {
      scope.end();
      throw this.#typed(error, scope, call);
    }
  }

  #scope({ timeoutMs, signal }: Call): CallScope {
    return new CallScope(timeoutMs, { cancelled: signal, closed: this.#closed });
  }

  /** @throws when the call may not be made */
  #check({ method, path }: Call, { givenUp }: CallScope): void {
    // Node's URL functions would take what follows for a host.
    if (path.startsWith("//")) throw new EngineResponseError(400, "invalid path");
    if (givenUp !== undefined) throw new Error("given up before it began");
    if (method !== "GET") this.#options.fence?.();
  }

  /** Resolves when the headers are here, whatever the status. */
  #dial(call: Call, scope: CallScope): Promise<IncomingMessage> {
    this.#check(call, scope);
    const { signal } = scope;
    const options: DialOptions = {
      ...bodyAndPath(call),
      ...(call.upload === undefined ? {} : { file: call.upload }),
      method: call.method,
      headers: { ...call.headers },
      abortSignal: signal,
      isStream: true,
      allowEmpty: true,
      statusCodes: EVERY_STATUS,
    };
    return new Promise((resolve, reject) => {
      const answered = (error: unknown, response: IncomingMessage): void => {
        if (error !== null && error !== undefined) {
          reject(error instanceof Error ? error : new Error(errorText(error)));
          return;
        }
        // Errors are for whoever reads; nobody may be reading yet.
        response.on("error", () => undefined);
        const giveUp = (): void => void response.destroy();
        signal.addEventListener("abort", giveUp, { once: true });
        response.once("close", () => signal.removeEventListener("abort", giveUp));
        resolve(response);
      };
      this.#modem().dial(options as never, answered as never);
    });
  }

  /** Made when first needed: most engines are never asked for a stream beyond their events. */
  #modem(): Docker["modem"] {
    if (this.#docker === undefined) {
      const { host, port, agent } = this.#options;
      // The modem renders its options to a text on every call, for a debug log that is off: with a pool of busy sockets in them, that
      // takes longer than the call.
      Object.defineProperty(agent, inspect.custom, { value: () => `Agent of ${this.addr}` });
      const protocol = agent instanceof TlsEngineAgent ? "https" : "http";
      // Explicit undefined: whom to trust, and how long to wait, is the agent's and our business.
      const fromEnvironment = { ca: undefined, cert: undefined, key: undefined, timeout: undefined };
      const options = { protocol, host, port, agent, pathPrefix: "/", ...fromEnvironment } as never;
      this.#docker = withoutDockerHost(() => new Docker(options));
    }
    return this.#docker.modem;
  }

  /** @throws EngineResponseError, when that is no success */
  #accepted({ ok }: Call, answer: WholeAnswer): WholeAnswer {
    const { status, body } = answer;
    if (!ok.includes(status)) throw this.#refusal(status, messageOf(status, body));
    return answer;
  }

  /** An engine that serves TLS answers plain HTTP, but only to say so: that is no contact. */
  #refusal(status: number, message: string): Error {
    if (status === 400 && message === HTTP_TO_HTTPS)
      return new EngineUnreachableError(httpToHttpsText, "EPROTO", { addr: this.addr });
    return new EngineResponseError(status, message);
  }

  #typed(error: unknown, { givenUp }: CallScope, { method, path }: Call): Error {
    if (error instanceof EngineResponseError || error instanceof EngineUnreachableError) return error;
    if (error instanceof ApiError) return error; // the fence's
    if (error instanceof TooLargeError)
      return new EngineResponseError(500, `${this.addr} answered ${method} ${path} with ${error.message}`);
    if (givenUp === "cancelled") return new EngineUnreachableError("the request was cancelled", CANCELLED);
    if (givenUp === "closed") return new EngineUnreachableError(`${this.addr} left the cluster`, CANCELLED);
    const timedOut = givenUp === "time";
    if (!timedOut && error instanceof Error) {
      const reason = explained(this.#options.agent, error);
      if (reason instanceof EngineUnreachableError) return reason;
    }
    const code = (error as { code?: unknown }).code;
    return new EngineUnreachableError(
      `Cannot connect to the Docker daemon at tcp://${this.addr}. Is the docker daemon running? (${timedOut ? "no answer in time" : errorText(error)})`,
      timedOut ? "ETIMEDOUT" : typeof code === "string" ? code : "EUNKNOWN",
      { cause: error, addr: this.addr },
    );
  }
}

/** The modem looks at the environment before it looks at its options, and reads the files that are named there. */
function withoutDockerHost<T>(make: () => T): T {
  const { DOCKER_HOST } = process.env;
  delete process.env.DOCKER_HOST;
  try {
    return make();
  } finally {
    if (DOCKER_HOST !== undefined) process.env.DOCKER_HOST = DOCKER_HOST;
  }
}

/** For the modem every answer is a success; which are is for us to say. */
const EVERY_STATUS: Readonly<Record<number, boolean>> = Object.fromEntries(
  Array.from({ length: 900 }, (_, n) => [n + 100, true]),
);

/**
 * docker-modem appends its `options` to any path that holds "?", and cuts that path's last character where there are none; the path
 * here is complete already. With a body, an empty `_query` says so; without one, the "&" is what gets cut.
 */
function bodyAndPath({ path, body }: Call): { path: string; options?: unknown } {
  if (body !== undefined) return { path, options: { _query: {}, _body: body } };
  return { path: path.includes("?") ? `${path}&` : path };
}

/** The `message` of Docker's JSON error, or a plain-text body (api.md §10.1: too old a client). */
function messageOf(status: number, body: Buffer): string {
  const text = body.toString().trim();
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === "string" && message !== "") return message;
  } catch {
    // Not JSON: the text is the message.
  }
  return text === "" ? `the engine answered with status ${status}` : text.slice(0, MAX_MESSAGE_CHARS);
}

/** Of an error page that is not Docker's, this much is enough. */
const MAX_MESSAGE_CHARS = 4_096;
