import type { SecureContext } from "node:tls";
import type { Dispatcher } from "undici";
import { isLoopback, maskToken } from "./token-place.ts";
import { readTrust } from "./token-trust.ts";
import { transportErrorText } from "./transport-error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What a token service answered. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One request. */
export interface Ask {
  readonly method: "GET" | "POST" | "DELETE";
  /** Behind `/clusters`: `""`, `/<token>`, … */
  readonly path: string;
  readonly body?: string;
}

export interface TokenClientOptions {
  readonly base: URL;
  /** Try https, and plain http when the server does not know TLS. */
  readonly mayBePlain: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly env: Environment;
  /** Replaced in messages by its beginning. */
  readonly secret?: string;
  /** A whole exchange may take this long, milliseconds. Default 15 s. */
  readonly timeoutMs?: number;
}

const maxAnswerBytes = 4 * 2 ** 20;
const maxRedirects = 3;

/** Speaks HTTP with one token service; close it. Redirects are followed only within the server they come from. */
export class TokenClient implements AsyncDisposable {
  readonly #settings: TokenClientOptions;
  readonly #trust: SecureContext | undefined;
  readonly #proxy: string | undefined;
  #connections: Promise<Dispatcher> | undefined;
  #isPlain = false;

  /** Opens no connection. @throws Error naming a file or variable that cannot be used */
  constructor(settings: TokenClientOptions) {
    const { base, options, env } = settings;
    this.#settings = settings;
    this.#trust = base.protocol === "https:" ? readTrust(options, env) : undefined;
    // As Go's client: never for this machine.
    this.#proxy = isLoopback(base.hostname) ? undefined : proxySetting(env);
  }

  /** The answer, whatever its status. @throws Error `Get "<url>": <reason>`; when the signal aborts, its reason */
  async ask(ask: Ask, signal?: AbortSignal): Promise<Answer> {
    signal?.throwIfAborted();
    const { timeoutMs = 15_000 } = this.#settings;
    const inner = new AbortController();
    const onAbort = (): void => inner.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    const timer = setTimeout(
      () => inner.abort(new Error(`no answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    try {
      return await this.#eitherScheme(ask, inner.signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw new Error(`${this.name(ask)}: ${this.#masked(transportErrorText(error))}`, { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  /** For messages, as the original words it: `Post "https://hub/v1/clusters"`. */
  name(ask: Ask): string {
    const verb = ask.method.slice(0, 1) + ask.method.slice(1).toLowerCase();
    return `${verb} "${this.#masked(this.#url(ask, this.#settings.base).href)}"`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connections = await this.#connections?.catch(() => undefined); // who asked was told why there are none
    await connections?.destroy();
  }

  /** What worked last time goes first. */
  async #eitherScheme(ask: Ask, signal: AbortSignal): Promise<Answer> {
    const { base, mayBePlain } = this.#settings;
    const plain = new URL(base.href.replace(/^https:/, "http:"));
    if (this.#isPlain) {
      try {
        return await this.#follow(ask, plain, signal);
      } catch (error) {
        this.#isPlain = false; // it may come back with TLS
        throw error;
      }
    }
    try {
      return await this.#follow(ask, base, signal);
    } catch (error) {
      if (!mayBePlain || !speaksPlain(error)) throw error;
    }
    const answer = await this.#follow(ask, plain, signal);
    this.#isPlain = true;
    return answer;
  }

  async #follow(ask: Ask, base: URL, signal: AbortSignal): Promise<Answer> {
    let url = this.#url(ask, base);
    for (let redirects = 0; ; redirects++) {
      const answer = await this.#send(ask, url, signal);
      if (answer.location === undefined) return answer;
      const next = URL.canParse(answer.location, url.href) ? new URL(answer.location, url) : undefined;
      // Elsewhere the token would be shown to somebody it was not meant for.
      if (next?.origin !== url.origin || redirects === maxRedirects) return answer;
      url = next;
    }
  }

  async #send(
    { method, body }: Ask,
    url: URL,
    signal: AbortSignal,
  ): Promise<Answer & { readonly location: string | undefined }> {
    const { default: undici } = await import("undici");
    const response = await undici.request(url, {
      method,
      dispatcher: await (this.#connections ??= this.#connect()),
      signal,
      headers: {
        accept: "application/json",
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body }),
    });
    const text = await readText(response.body);
    const { statusCode: status, headers } = response;
    const follows =
      status === 307 || status === 308 || (method === "GET" && [301, 302, 303].includes(status));
    const location = follows && typeof headers.location === "string" ? headers.location : undefined;
    return { status, text, location };
  }

  /** Not before it is needed: the library takes a while to load. As a whole: once bundled for the image it has no other export. */
  async #connect(): Promise<Dispatcher> {
    const { default: undici } = await import("undici");
    const tls = this.#trust && { secureContext: this.#trust };
    const common = { keepAliveTimeout: 4000, bodyTimeout: 0, headersTimeout: 0 }; // `ask` has its own deadline
    if (this.#proxy === undefined) return new undici.Agent({ ...common, ...(tls && { connect: tls }) });
    const { env } = this.#settings;
    return new undici.EnvHttpProxyAgent({
      ...common,
      httpProxy: this.#proxy, // else the library asks its own environment
      httpsProxy: this.#proxy,
      noProxy: env.NO_PROXY ?? env.no_proxy ?? "",
      ...(tls && { connect: tls, requestTls: tls, proxyTls: tls }),
    });
  }

  #url({ path }: Ask, base: URL): URL {
    return new URL(`${base.href.replace(/\/+$/, "")}/clusters${path}`);
  }

  #masked(text: string): string {
    const { secret } = this.#settings;
    return secret === undefined ? text : text.replaceAll(secret, maskToken(secret));
  }
}

/** `HTTPS_PROXY`: what is no https does not leave this machine. */
function proxySetting(env: Environment): string | undefined {
  const text = env.HTTPS_PROXY ?? env.https_proxy ?? "";
  if (text === "") return undefined;
  const url = text.includes("://") ? text : `http://${text}`;
  // It may hold a password: not shown.
  if (!URL.canParse(url)) throw new Error("$HTTPS_PROXY is no address such as http://proxy:3128");
  return url;
}

/** A TLS client that meets a server without TLS says so in one of several ways. */
function speaksPlain(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|wrong version number|packet length too long/.test(
    `${String(code)} ${String(message)}`,
  );
}

async function readText(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) {
      body.destroy();
      throw new Error(`the answer is larger than ${maxAnswerBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
