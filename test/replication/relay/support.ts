import type { IncomingMessage, RequestListener } from "node:http";
import { pino } from "pino";
import { refusal } from "../../../src/api/answer-error.ts";
import { Listener } from "../../../src/api/listener.ts";
import type { Services } from "../../../src/api/services.ts";
import { takeOver } from "../../../src/proxy/dispatch-upgrade.ts";
import type { Term } from "../../../src/replication/leadership.ts";
import { Relay, type LocalApi, type RelayOptions } from "../../../src/replication/relay/relay.ts";
import { freePort } from "../../api/support.ts";
import { httpEngine } from "../../proxy/support.ts";

type Replication = RelayOptions["replication"];

/** What a manager knows of its peers, under the test's hand. */
export class FakeReplication implements Replication {
  readonly self: string;
  #primary = "";
  #term: Term | undefined;
  #lost = new AbortController();
  readonly #onPrimary = new Set<(address: string) => void>();
  readonly #onTerm = new Set<(term: Term) => void>();

  constructor(self = "10.0.0.2:2375") {
    this.self = self;
  }

  get primary(): string {
    return this.#primary;
  }

  get leadership(): Replication["leadership"] {
    return {
      term: this.#term,
      onTerm: (listener) => {
        this.#onTerm.add(listener);
        if (this.#term) listener(this.#term);
        return () => void this.#onTerm.delete(listener);
      },
    };
  }

  get listeners(): number {
    return this.#onPrimary.size + this.#onTerm.size;
  }

  onPrimary(listener: (address: string) => void): () => void {
    this.#onPrimary.add(listener);
    return () => void this.#onPrimary.delete(listener);
  }

  /** Somebody else is the primary from now on; `""`: nobody. */
  elect(address: string): void {
    this.#lost.abort();
    this.#term = undefined;
    this.#primary = address;
    for (const listener of this.#onPrimary) listener(address);
  }

  /** This manager is. */
  lead(): void {
    const lost = (this.#lost = new AbortController());
    this.#term = { number: 1, sinceMs: 0, lost: lost.signal, held: () => !lost.signal.aborted };
    this.#primary = this.self;
    for (const listener of this.#onPrimary) listener(this.self);
    for (const listener of this.#onTerm) listener(this.#term);
  }

  /** The lease ends, and nobody has been told yet. */
  expire(): void {
    this.#lost.abort();
  }
}

export interface TestReplica extends AsyncDisposable {
  readonly port: number;
  readonly replication: FakeReplication;
  readonly relay: Relay;
  readonly log: readonly string[];
}

export interface ReplicaOptions extends Partial<Omit<RelayOptions, "replication" | "log">> {
  readonly local?: Partial<LocalApi>;
  readonly replication?: FakeReplication;
  /** Its clients come without TLS, whatever it speaks to the primary. */
  readonly servesPlain?: boolean;
}

/** Open replicas. */
const replicas = new Set<TestReplica>();

/** A replica whose own API only says that it was asked. Paths that end with `/attach` or `/start` take their connection. */
export async function startReplica(options: ReplicaOptions = {}): Promise<TestReplica> {
  const { local, replication = new FakeReplication(), tls, servesPlain = false, ...rest } = options;
  const log: string[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void log.push(line) });
  const api: LocalApi = {
    handle: (req, res) => {
      const taken = takeOver(res);
      if (taken) taken.socket.end(`HTTP/1.1 101 UPGRADED\r\n\r\nhere ${taken.head.toString()}`);
      else res.end(`here ${req.method ?? ""} ${req.url ?? ""}`);
    },
    wantsConnection: (method, url) => method === "POST" && /\/(attach|start)(\?|$)/.test(url),
    refuse: refusal({ cluster: { engineAt: () => undefined }, log: logger } as unknown as Services),
    describe: (req: IncomingMessage) => `client-of-${req.method ?? ""}`,
    ...local,
  };
  const relay = new Relay(api, {
    replication,
    tls,
    waitMs: 10_000,
    log: logger,
    random: () => 0.5,
    ...rest,
  });
  const port = await freePort();
  const listener = await Listener.open(
    { proto: "tcp", host: "127.0.0.1", port, addr: "" },
    relay,
    logger,
    servesPlain ? undefined : tls,
  );
  const replica: TestReplica = {
    port,
    replication,
    relay,
    log,
    async [Symbol.asyncDispose]() {
      replicas.delete(replica);
      await relay[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
    },
  };
  replicas.add(replica);
  return replica;
}

export async function stopReplicas(): Promise<void> {
  for (const replica of replicas) await replica[Symbol.asyncDispose]();
}

/** A primary that speaks HTTP: its address, and the server. */
export async function startPrimary(listener: RequestListener) {
  const { server, target } = await httpEngine(listener);
  return { server, addr: target.addr };
}

/** A primary that says who it is. */
export const namedPrimary = (name: string) =>
  startPrimary((req, res) => res.end(`${name} ${req.method ?? ""} ${req.url ?? ""}`));
