import type { Logger } from "pino";
import type { Socket } from "node:net";
import type { Cluster } from "../../cluster/cluster.ts";
import { ApiError } from "../../errors.ts";
import type { AuditFacts, Exchange, Route } from "../exchange.ts";
import { relayedClient } from "../relayed-client.ts";
import { AuditEntry } from "./audit-entry.ts";
import { clientOf, type Client } from "./client.ts";
import { decide, type Decision } from "./decide.ts";
import { narrow } from "./own/narrow.ts";
import { plainText } from "./plain-text.ts";
import { readPolicyFile } from "./policy-file.ts";
import type { Grant, Policy } from "./policy.ts";

export interface AccessControlDependencies {
  readonly cluster: Cluster;
  readonly log: Logger;
  /** There are other managers (`--replication`). */
  readonly replicated?: boolean;
}

/** A request that was let in and is not over. */
interface Admitted {
  /** Who asks, and whose rights count. */
  readonly client: Client | undefined;
  /** Through which manager; undefined: the client's own connection. */
  readonly manager: Peer | undefined;
  readonly grant: Grant;
  readonly route: string;
  readonly exchange: Exchange;
}

/** One connection. */
interface Peer {
  readonly client: Client | undefined;
  /** Ends the requests that are not over when it closes. */
  readonly open: Set<() => void>;
}

/** Who may do what: `--authz-policy` (docs/authorization.md). Every request of every listener goes through {@link serve}. */
export class AccessControl {
  readonly #path: string;
  readonly #cluster: Cluster;
  readonly #replicated: boolean;
  readonly #log: Logger;
  readonly #auditLog: Logger;
  readonly #peers = new WeakMap<Socket, Peer>();
  readonly #admitted = new Set<Admitted>();
  #policy: Policy;

  private constructor(path: string, policy: Policy, dependencies: AccessControlDependencies) {
    const { cluster, log, replicated = false } = dependencies;
    this.#replicated = replicated;
    this.#path = path;
    this.#policy = policy;
    this.#cluster = cluster;
    this.#log = log;
    // The audit is kept whatever `--log-level` leaves of the rest.
    this.#auditLog = log.child({}, { level: "info" });
  }

  /** @throws Error naming the file, the place in it and the remedy */
  static load(path: string, dependencies: AccessControlDependencies): AccessControl {
    const access = new AccessControl(path, readPolicyFile(path), dependencies);
    access.#announce();
    return access;
  }

  /**
   * Reads the file again; one that cannot be used changes nothing. Requests that are under way, streams among them, are cut off where their client
   * may no longer make them.
   * @throws Error naming the file, the place in it and the remedy
   */
  reload(): void {
    this.#policy = readPolicyFile(this.#path);
    this.#announce();
    for (const admitted of [...this.#admitted]) {
      if (this.#stillMay(admitted)) continue;
      this.#admitted.delete(admitted);
      const { exchange, client, route } = admitted;
      this.#log.warn(
        { cn: plainText(client?.cn ?? ""), route },
        "cut off a request whose client may no longer make it",
      );
      exchange.req.socket.destroy();
    }
  }

  /** Does the policy know who is at the other end of this connection for a manager, who speaks for others? */
  isManager(socket: Socket): boolean {
    return this.#policy.grantFor(this.#peerOf(socket).client).role === "manager";
  }

  /**
   * Lets a request through to its handler, narrowed to what its client may see, or refuses it; plain and upgraded requests alike. Writes the audit.
   * @throws ApiError 403, or 404 for what is not the client's; and what the handler throws
   */
  async serve(exchange: Exchange, route: Route): Promise<void> {
    const peer = this.#peerOf(exchange.req.socket);
    const relayed =
      this.#policy.grantFor(peer.client).role === "manager" ? relayedClient(exchange.req) : undefined;
    const { client } = relayed ?? peer;
    const grant = this.#policy.grantFor(client);
    const key = `${route.method.toUpperCase()} ${route.path}`;
    const decision = decide(grant, key, exchange.query);
    const entry = new AuditEntry(this.#auditLog, {
      client,
      role: grant.role,
      exchange,
      relayed,
      facts: this.#factsOf(exchange, route),
    });
    const manager = relayed && peer;
    const admitted: Admitted = { client, manager, grant, route: key, exchange };
    this.#admitted.add(admitted);
    let narrowed: Exchange;
    try {
      narrowed = await this.#admit(admitted, decision);
    } catch (error) {
      this.#admitted.delete(admitted);
      if (error instanceof ApiError) entry.denied(error.status);
      throw error;
    }
    const isKept = decision.right !== "open" && decision.right !== "view";
    await this.#handle(narrowed, route, admitted, isKept ? entry : undefined);
  }

  async #admit(admitted: Admitted, decision: Decision): Promise<Exchange> {
    const { exchange, grant } = admitted;
    if (decision.kind === "denied") throw denial(admitted, decision);
    if (decision.kind === "allowed" || grant.role !== "own") return exchange;
    const narrowed = await narrow(exchange, decision.to, { cluster: this.#cluster, label: grant.label });
    // The policy may have changed while the body came.
    if (!this.#admitted.has(admitted)) throw denial(admitted, decision);
    return narrowed;
  }

  async #handle(
    exchange: Exchange,
    route: Route,
    admitted: Admitted,
    entry: AuditEntry | undefined,
  ): Promise<void> {
    const { res } = exchange;
    const { socket } = admitted.exchange.req;
    const open = this.#peerOf(socket).open;
    const over = (): void => {
      open.delete(over);
      this.#admitted.delete(admitted);
      entry?.ended(res.headersSent ? res.statusCode : 0, res.writableFinished);
    };
    res.once("finish", over).once("close", over);
    // An answer that waits for others before it, of requests sent without waiting, hears nothing of the end of its connection.
    open.add(over);
    try {
      await route.handle(entry === undefined ? exchange : { ...exchange, audit: entry });
    } finally {
      // A response whose connection was taken away never closes; one that closed before we listened does not do it again.
      if (socket.destroyed || (route.hijack === true && res.socket === null)) over();
    }
  }

  /** The identity of a connection does not change while it lasts; a manager's speaks for another client with each request. */
  #peerOf(socket: Socket): Peer {
    const known = this.#peers.get(socket);
    if (known !== undefined) return known;
    const peer: Peer = { client: clientOf(socket), open: new Set() };
    this.#peers.set(socket, peer);
    socket.once("close", () => {
      for (const over of [...peer.open]) over();
    });
    return peer;
  }

  #stillMay({ client, manager, grant, route, exchange }: Admitted): boolean {
    if (manager !== undefined && this.#policy.grantFor(manager.client).role !== "manager") return false;
    const now = this.#policy.grantFor(client);
    // What was narrowed to one label, or to none, is not what another label would see.
    if (now.role === "own" && !isSame(now, grant)) return false;
    return decide(now, route, exchange.query).kind !== "denied";
  }

  /** What the path names, as far as the manager knows it. */
  #factsOf(exchange: Exchange, { path }: Route): AuditFacts {
    const { containers, execs } = this.#cluster;
    const isExec = path.startsWith("/exec/");
    if (!isExec && !path.startsWith("/containers/*")) return {};
    const exec = isExec ? exchange.param("id") : undefined;
    const reference = exec === undefined ? exchange.param("name") : (execs.get(exec)?.containerId ?? "");
    const record = containers.resolve(reference);
    return {
      ...(exec === undefined ? {} : { exec }),
      ...(record === undefined
        ? {}
        : { container: record.id, name: record.names[0] ?? "", node: record.engine.name }),
    };
  }

  #announce(): void {
    this.#log.info({ file: this.#path, rules: this.#policy.ruleCount }, "authorization policy in force");
    if (this.#replicated && !this.#policy.knowsManagers)
      this.#log.warn(
        { file: this.#path },
        'no rule grants the role manager: what replicas relay is refused. Name the managers\' certificates: {"cn": "…", "role": "manager"}',
      );
  }
}

function denial({ client, grant, route }: Admitted, { right }: Decision): ApiError {
  const who = client === undefined ? "no certificate" : plainText(client.cn ?? client.units.join(", "));
  const need = `this needs the right to ${right}`;
  return new ApiError(403, `authorization denied: role ${grant.role} (${who}) may not ${route}: ${need}`);
}

const isSame = (a: Grant, b: Grant): boolean => JSON.stringify(a) === JSON.stringify(b);
