import type { Logger } from "pino";
import type { AuditFacts, AuditNotes, Exchange } from "../exchange.ts";
import type { Client } from "./client.ts";
import { remoteOf } from "../remote-of.ts";
import type { Relayed } from "../relayed-client.ts";
import { plainText } from "./plain-text.ts";

/** Parameters that name things. The others may hold secrets, such as build arguments. */
const NAMING = ["name", "fromImage", "tag", "repo", "container", "names"] as const;

/** Of whom and of what an entry tells. */
export interface AuditSubject {
  readonly client: Client | undefined;
  readonly role: string;
  readonly exchange: Exchange;
  /** Undefined: the client asked us itself. */
  readonly relayed?: Relayed | undefined;
  /** What the path names, as far as it is known. */
  readonly facts: AuditFacts;
}

/** One line of the audit log, written once: when the client has its answer, or its stream is open (docs/authorization.md). */
export class AuditEntry implements AuditNotes {
  readonly #log: Logger;
  readonly #subject: AuditSubject;
  readonly #remote: string;
  readonly #startedMs = performance.now();
  #facts: AuditFacts;
  #written = false;

  constructor(log: Logger, subject: AuditSubject) {
    this.#log = log;
    this.#subject = subject;
    this.#facts = subject.facts;
    // A connection that is gone has no address any more.
    this.#remote = subject.relayed?.address ?? remoteOf(subject.exchange.req.socket);
  }

  note(facts: AuditFacts): void {
    this.#facts = { ...this.#facts, ...facts };
  }

  opened(status: number): void {
    this.#write("allowed", status);
  }

  /** The client will hear this status and why. */
  denied(status: number): void {
    this.#write("denied", status);
  }

  /** The answer is sent; not complete: the client left, or the answer broke off. */
  ended(status: number, isComplete: boolean): void {
    this.#write("allowed", status, isComplete ? {} : { complete: false });
  }

  #write(outcome: "allowed" | "denied", status: number, more: object = {}): void {
    if (this.#written) return;
    this.#written = true;
    const { client, role, exchange, relayed } = this.#subject;
    const { method = "" } = exchange.req;
    this.#log.info(
      {
        cn: plainText(client?.cn ?? ""),
        ou: (client?.units ?? []).map(plainText),
        role,
        remote: this.#remote,
        ...(relayed !== undefined && { via: relayed.via }),
        method: plainText(method),
        path: plainText(pathOf(exchange)),
        ...namedIn(exchange.query),
        ...plainFacts(this.#facts),
        status,
        ms: Math.round(performance.now() - this.#startedMs),
        outcome,
        ...more,
      },
      "audit",
    );
  }
}

/** Without version and query. */
const pathOf = ({ req }: Exchange): string => (req.url ?? "").split("?", 1)[0] ?? "";

function namedIn(query: URLSearchParams): { readonly query?: Readonly<Record<string, string>> } {
  const named = NAMING.flatMap((key) => {
    const value = query.get(key);
    return value === null ? [] : [[key, plainText(value)] as const];
  });
  return named.length === 0 ? {} : { query: Object.fromEntries(named) };
}

const plainFacts = (facts: AuditFacts): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(facts as Readonly<Record<string, string>>).map(([key, text]) => [key, plainText(text)]),
  );
