import type { Agent, IncomingMessage } from "node:http";
import { errorText } from "../../errors.ts";
import { CommandError } from "../command-error.ts";
import { managerAddress, type ManagerAddress } from "./connection.ts";
import type { ConnectionFlags } from "./flags.ts";
import { plain } from "./plain.ts";

/** Longest wait for an answer to begin or go on, milliseconds: a replica waits for a primary, a plan of a large cluster takes seconds. */
const ANSWER_MS = 60_000;
/** Longest silence of a stream of progress: one move may bring an image with it. */
const STREAM_MS = 1_800_000;
const REMEDY = "Is it running? Give its address with --host or in DOCKER_HOST.";
/** More than the largest cluster answers. */
const MAX_BODY_CHARS = 64 * 1024 * 1024;
/** Of a stream. */
const MAX_LINE_CHARS = 1024 * 1024;

export interface ManagerAnswer {
  readonly status: number;
  /** Parsed JSON; undefined when there was none. */
  readonly body: unknown;
}

export interface AskOptions {
  readonly body?: object;
  /** Answers with these statuses are no error. */
  readonly accept?: readonly number[];
  readonly signal?: AbortSignal;
}

/** The manager refused, or answered what is no answer: its words are for the user. */
export class ManagerError extends CommandError {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "ManagerError";
    this.status = status;
  }
}

/** The operator's endpoints of one manager (docs/operator-api.md). Every call has a deadline. */
export class ManagerClient {
  readonly #address: ManagerAddress;
  readonly #connections: number;
  #agent: Agent | undefined;

  /**
   * @param connections so many are kept for further requests; 0: each request has one of its own
   * @throws CommandError for flags that cannot be used
   */
  constructor(flags: ConnectionFlags, env: NodeJS.ProcessEnv, connections = 0) {
    this.#address = managerAddress(flags, env);
    this.#connections = connections;
  }

  /** Closes the connections that were kept. */
  close(): void {
    this.#agent?.destroy();
  }

  /** @throws ManagerError when it refused, CommandError when it cannot be reached */
  async ask(method: "GET" | "POST", path: string, options: AskOptions = {}): Promise<ManagerAnswer> {
    const res = await this.#send(method, path, options);
    const status = res.statusCode ?? 0;
    const text = await this.#text(res);
    if (status < 300 || options.accept?.includes(status)) return { status, body: this.#parse(text, status) };
    throw this.#refusal(status, text);
  }

  /** The JSON objects of a stream, one a line; ends without a word when the signal fires. @throws as {@link ask} */
  async *lines(method: "POST", path: string, options: AskOptions = {}): AsyncGenerator<unknown, void> {
    const res = await this.#send(method, path, options).catch((error: unknown) => {
      if (options.signal?.aborted !== true) throw error;
    });
    if (res === undefined) return;
    const status = res.statusCode ?? 0;
    if (status >= 300) throw this.#refusal(status, await this.#text(res));
    res.socket.setTimeout(STREAM_MS, () => res.destroy(new Error("no progress for half an hour")));
    res.setEncoding("utf8");
    let rest = "";
    try {
      for await (const chunk of res as AsyncIterable<string>) {
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        if (rest.length > MAX_LINE_CHARS) throw new Error("a line of the answer is too long");
        for (const line of lines) if (line !== "") yield this.#parse(line, status);
      }
    } catch (error) {
      if (options.signal?.aborted === true) return;
      if (error instanceof CommandError) throw error;
      throw new CommandError(`the answer of the manager broke off: ${plain(errorText(error))}`, {
        cause: error,
      });
    }
  }

  async #send(method: string, path: string, { body, signal }: AskOptions): Promise<IncomingMessage> {
    const { target, tls } = this.#address;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const { request, Agent } = await (tls === undefined ? import("node:http") : import("node:https"));
    if (this.#connections > 0)
      this.#agent ??= new Agent({ keepAlive: true, maxSockets: this.#connections, ...tls });
    return await new Promise((resolve, reject) => {
      const options = {
        ...target,
        headers: { Host: hostHeader(target), ...headersOf(text) },
        method,
        path,
        agent: this.#agent ?? false,
        timeout: ANSWER_MS,
        ...(signal === undefined ? {} : { signal }),
        ...tls,
      };
      const req = request(options, resolve);
      req.on("timeout", () => req.destroy(new Error(`no answer within ${ANSWER_MS / 1_000} seconds`)));
      req.on("error", (error) => reject(this.#unreachable(error)));
      req.end(text);
    });
  }

  async #text(res: IncomingMessage): Promise<string> {
    res.setEncoding("utf8");
    let text = "";
    try {
      for await (const chunk of res as AsyncIterable<string>) {
        text += chunk;
        if (text.length > MAX_BODY_CHARS) throw new Error("it is too long");
      }
    } catch (error) {
      throw new CommandError(`the answer of the manager cannot be read: ${plain(errorText(error))}`, {
        cause: error,
      });
    }
    return text;
  }

  #parse(text: string, status: number): unknown {
    if (text.trim() === "") return undefined;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new ManagerError(status, `${this.#address.shown} did not answer as a swarm manager does`);
    }
  }

  #refusal(status: number, text: string): CommandError {
    let message: unknown;
    try {
      message = (JSON.parse(text) as { message?: unknown } | null)?.message;
    } catch {
      message = text.slice(0, 1_000);
    }
    if (status === 404 && (typeof message !== "string" || /page not found/i.test(message))) {
      return new ManagerError(
        status,
        `${this.#address.shown} has no operator endpoints: it is a Docker engine or an older manager. Give the manager's address with --host or in DOCKER_HOST.`,
      );
    }
    const said = typeof message === "string" ? plain(message).trim() : "";
    return new ManagerError(status, said === "" ? `the manager answered with status ${status}` : said);
  }

  #unreachable(error: Error): CommandError {
    const where = `Cannot connect to the swarm manager at ${this.#address.shown}`;
    return new CommandError(`${where}: ${this.#reason(error)}`, { cause: error });
  }

  /** Why it cannot be reached, and what to do about it. */
  #reason({ code = "", message }: NodeJS.ErrnoException): string {
    const { tls, target } = this.#address;
    if (code === "ECONNREFUSED") return `nobody listens there. ${REMEDY}`;
    if (code === "ENOENT" && "socketPath" in target) return `there is no such socket. ${REMEDY}`;
    if (code === "EACCES") return "you may not use this socket. Run the command as a user who may.";
    if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `its host name cannot be resolved. ${REMEDY}`;
    const broken = ["ECONNRESET", "EPROTO"].includes(code) || code.startsWith("HPE_");
    if (tls === undefined)
      return broken
        ? "it broke the connection off. Does it want TLS? Say --tlsverify."
        : `${plain(message)}. ${REMEDY}`;
    return broken
      ? `it refused TLS (${plain(message)}). Does it listen without TLS, or want a client certificate?`
      : `${plain(message)}. Do the certificates fit? See --tlscacert, --tlscert and --tlskey.`;
  }
}

function hostHeader(target: ManagerAddress["target"]): string {
  // Nobody asks what a virtual host would be at a socket.
  if ("socketPath" in target) return "swarm";
  return `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
}

const headersOf = (text: string | undefined): Record<string, string | number> =>
  text === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) };
