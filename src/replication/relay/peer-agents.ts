import { Agent, type AgentOptions } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { TlsEngineAgent, type TlsEngine } from "../../docker/tls-engine-agent.ts";

/** Connections that were made before the request they are for, and opening of others. */
export interface ReadySockets<S extends Socket = Socket> {
  /** One that is open and unused. */
  take(): S | undefined;
  /** One that is only being opened, within the time a connection may take. */
  open(): S;
}

/** The pool of plain connections to one manager. */
export class PeerAgent extends Agent {
  readonly #ready: ReadySockets;

  constructor(ready: ReadySockets, options: AgentOptions) {
    super(options);
    this.#ready = ready;
  }

  /** Node's, for the pool. The options come from the request and are not looked at. */
  override createConnection(): Socket {
    return this.#ready.take() ?? this.#ready.open();
  }

  /** Node's: one pool, whatever the request says. */
  override getName(): string {
    return "";
  }
}

/** The pool of TLS connections to one manager: as to engines, with the same certificates. */
export class TlsPeerAgent extends TlsEngineAgent {
  readonly #ready: Pick<ReadySockets<TLSSocket>, "take">;

  constructor(manager: TlsEngine, ready: Pick<ReadySockets<TLSSocket>, "take">, options: AgentOptions) {
    super(manager, options);
    this.#ready = ready;
  }

  override createConnection(): TLSSocket {
    return this.#ready.take() ?? super.createConnection();
  }

  override explain(error: Error): Error {
    const explained = super.explain(error);
    return explained === error ? error : new Error(ofManagers(explained.message), { cause: explained });
  }
}

/** The texts speak of engines: a manager that other managers reach has the same faults. */
export const ofManagers = (text: string): string =>
  text
    .replace("the address that discovery has", "the host of its --advertise")
    .replace(
      "this engine serves TLS: start the manager with",
      "the primary serves TLS: start this manager with",
    )
    .replaceAll(/\bthe engine\b/g, "the primary manager");
