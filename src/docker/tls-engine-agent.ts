import type { Agent } from "node:http";
import { Agent as HttpsAgent, type AgentOptions } from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import {
  connect,
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import type { TlsIdentity, TlsMaterial } from "../tls/identity.ts";
import { certificateNameError } from "./certificate-name.ts";
import { EngineUnreachableError } from "./engine-client.ts";
import { fenced, type Fence } from "./fenced-socket.ts";
import { tlsErrorText } from "./engine-tls-error.ts";

/** How long TCP and handshake may take for a pooled connection, milliseconds. */
const HANDSHAKE_MS = 10_000;
/** A peer that vanished is noticed by the kernel after this much silence, milliseconds. */
const KEEP_ALIVE_MS = 15_000;

export interface TlsEngine {
  readonly host: string;
  readonly port: number;
  /** `host:port`, IPv6 in brackets. */
  readonly addr: string;
  readonly identity: TlsIdentity;
  /** Asked when a pooled connection is open, before its request goes out. */
  readonly fence?: Fence | undefined;
}

/**
 * The TLS connections of one engine, pooled and not. Whom it connects to and whom it trusts is fixed here: nothing in a request, such as its
 * `Host` header, has a say in it. With `--tlsverify` the engine must prove its name with a certificate of our authorities; with `--tls`
 * nothing is verified; we show our certificate either way. What is open keeps what it began with when the identity is read again, what is
 * opened next has the new one. No session is ever resumed: a resumed one would not be verified again.
 */
export class TlsEngineAgent extends HttpsAgent {
  readonly #engine: TlsEngine;
  readonly #handshakeMs: number;
  /** What each connection was opened with. */
  readonly #openedWith = new WeakMap<Duplex, TlsMaterial>();
  /** The material with which a handshake succeeded, and with which a request was answered. */
  #shaken: TlsMaterial | undefined;
  #answered: TlsMaterial | undefined;

  constructor(engine: TlsEngine, options: AgentOptions = {}, handshakeMs = HANDSHAKE_MS) {
    super({ ...options, maxCachedSessions: 0 });
    this.#engine = engine;
    this.#handshakeMs = handshakeMs;
  }

  /** A new connection, its handshake still to come: `secureConnect` says that it is done. @throws when our files cannot be used */
  open({ allowHalfOpen = false }: { readonly allowHalfOpen?: boolean } = {}): TLSSocket {
    const { host, port, identity } = this.#engine;
    const { material } = identity;
    // `allowHalfOpen` is documented, and missing in the typings.
    const options: ConnectionOptions & { allowHalfOpen: boolean } = { host, port, allowHalfOpen };
    const socket = connect({ ...options, ...securityOf(identity, host) });
    this.#openedWith.set(socket, material);
    socket.once("connect", () => socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS));
    const early = (error: Error): void => void unsent.add(error);
    socket.once("error", early);
    socket.once("secureConnect", () => {
      socket.off("error", early);
      this.#shaken = material;
    });
    return socket;
  }

  /** The identity was read again: drops the idle connections of the old one. Those in use end with their request. */
  renew(): void {
    for (const sockets of Object.values(this.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }

  /** The error, in words an operator understands when TLS is what failed. */
  explain(error: Error): Error {
    const { addr, identity } = this.#engine;
    const { material, settings } = identity;
    const silent = this.#shaken === material && this.#answered !== material;
    const text = tlsErrorText(error, { addr, files: settings, silent });
    if (text === undefined) return error;
    const code = (error as NodeJS.ErrnoException).code ?? "EPROTO";
    return new EngineUnreachableError(text, code, { cause: error, addr });
  }

  /** Node's, for the pool. The options come from the request; only the fence is told its method. */
  override createConnection(options: object = {}): TLSSocket {
    const { fence } = this.#engine;
    const socket = fenced(this.open(), "secureConnect", { fence, options });
    const timeOut = (): void => {
      const text = `no TLS handshake with ${this.#engine.addr} within ${this.#handshakeMs / 1000} s`;
      socket.destroy(Object.assign(new Error(text), { code: "ETIMEDOUT" }));
    };
    const timer = setTimeout(timeOut, this.#handshakeMs);
    const done = (): void => clearTimeout(timer);
    socket.once("secureConnect", done).once("close", done);
    return socket;
  }

  /** Node's: one pool, whatever the request says. */
  override getName(): string {
    return this.#engine.addr;
  }

  /** Node's: asked when a request is done with its connection. */
  override keepSocketAlive(socket: Duplex): boolean {
    return this.noteAnswer(socket) && node.keepSocketAlive.call(this, socket);
  }

  /** The engine answered on this connection. @returns whether it was opened with the identity of now, so that it may be used again */
  noteAnswer(socket: Duplex): boolean {
    this.#answered = this.#openedWith.get(socket);
    return this.#answered === this.#engine.identity.material;
  }
}

/** Node's agent, whose typings leave out what its documentation says: this method answers. */
const node = HttpsAgent.prototype as unknown as { keepSocketAlive(socket: Duplex): boolean };

/** What ended connections before their handshake was over. */
const unsent = new WeakSet<Error>();

/** Whether the engine's connection failed before anything of a request could be sent on it. Only known of TLS. */
export const failedBeforeRequest = (error: unknown): boolean => error instanceof Error && unsent.has(error);

/** The error of an exchange with an engine, whatever its connections are. */
export function explained(agent: Agent, error: Error): Error {
  return agent instanceof TlsEngineAgent ? agent.explain(error) : error;
}

function securityOf(identity: TlsIdentity, host: string): ConnectionOptions {
  return {
    secureContext: contextOf(identity),
    rejectUnauthorized: identity.verify,
    // An address is no server name; neither is the root's dot.
    servername: isIP(host) === 0 ? host.replace(/\.$/, "") : "",
    checkServerIdentity: (_, certificate) => certificateNameError(bare(host), certificate),
  };
}

/** An IPv6 address without its zone, which no certificate knows. */
const bare = (host: string): string => (isIP(host) === 6 ? host.replace(/%.*/, "") : host);

/** Ten thousand engines share one. */
const contexts = new WeakMap<TlsMaterial, SecureContext>();

function contextOf(identity: TlsIdentity): SecureContext {
  const { material } = identity;
  // Without authorities of our own, Node would trust everybody's.
  if (identity.verify && !material.ca) throw new Error("--tlsverify needs --tlscacert with a certificate");
  let context = contexts.get(material);
  if (context === undefined) contexts.set(material, (context = createSecureContext(identity.context)));
  return context;
}
