import { hostname } from "node:os";
import type { Discovery } from "../discovery/types.ts";
import { filtersByName } from "../filters/index.ts";
import { strategyByName } from "../strategies/index.ts";
import { AccessControl } from "./api/access/access-control.ts";
import { Builders } from "./api/build/builders.ts";
import { ClientPulls } from "./api/client-pulls.ts";
import { CreateIntents } from "./api/containers/create-intents.ts";
import { NameClashes } from "./api/containers/name-clashes.ts";
import { OrphanCreates } from "./api/containers/orphan-creates.ts";
import { OpenStreams } from "./api/containers/open-streams.ts";
import { recreate } from "./api/containers/recreate.ts";
import { createHttpApp } from "./api/http-app.ts";
import { ImageCopies } from "./api/images/copy.ts";
import { Listener } from "./api/listener.ts";
import { apiRoutes } from "./api/routes.ts";
import type { Services } from "./api/services.ts";
import { Cluster } from "./cluster/cluster.ts";
import type { ManageConfig } from "./config.ts";
import { formatEvent, managerEvent } from "./events/event-format.ts";
import { EventHub } from "./events/event-hub.ts";
import { Membership } from "./membership/membership.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { HandshakeLog } from "./tls/handshake-log.ts";
import { TlsIdentity } from "./tls/identity.ts";
import type { Logger } from "./telemetry/logger.ts";
import { NodeBook } from "./nodes/node-book.ts";
import { Election, keeperWords, TAKE_OVER_MS } from "./replication/election.ts";
import { KEEPER_KEY } from "./replication/keys.ts";
import { noLeadership, soleLeadership } from "./replication/leadership.ts";
import { mustLead, soleManager } from "./replication/manager-role.ts";
import { Relay } from "./replication/relay/relay.ts";
import { Replication } from "./replication/replication.ts";
import { Drains } from "./reschedule/drain/drains.ts";
import type { Announce } from "./reschedule/ports.ts";
import { Rebalancer } from "./reschedule/rebalance/rebalancer.ts";
import { Rescheduler } from "./reschedule/rescheduler.ts";
import { openStore } from "./store/open.ts";
import type { Store } from "./store/store.ts";

/** How long the lock of {@link KEEPER_KEY} outlives its holder, milliseconds. */
const KEEPER_TTL_MS = 20_000;

/** What the manager gets from outside: tests bring their own. */
export interface World {
  readonly log: Logger;
  readonly discovery: Discovery;
  /** Where what must outlive the manager is kept; absent: nowhere. */
  readonly state?: {
    readonly store: Store;
    /** Other managers may use it. */
    readonly shared: boolean;
    /** False: containers are not moved, which another manager of this machine may be doing. */
    readonly keeps?: boolean;
  };
  /** In [0, 1). */
  readonly random: () => number;
  readonly version: string;
  /** For lines that Go's libraries write past the log: failed TLS handshakes. Default: the process's. */
  readonly stderr?: (line: string) => unknown;
}

/** A running manager. */
export interface App extends AsyncDisposable {
  /** All listeners are open. */
  readonly ready: Promise<void>;
  /** Rejects on a fatal listener error. */
  readonly failed: Promise<never>;
  /** Reads again what files on disk say: certificates, the authorisation policy. What cannot be used is logged and changes nothing. */
  reload(): void;
}

/**
 * The only function that knows every part; read it to learn the program.
 * @throws when a listener cannot be opened or a file not be used; nothing is left running then
 */
export async function createApp(config: ManageConfig, world: World): Promise<App> {
  const { log, random, discovery, version } = world;
  const {
    store,
    shared,
    keeps = true,
  } = world.state ?? { store: await openStore("memory://"), shared: false };
  const tls = config.tls && TlsIdentity.load(config.tls);
  const hub = new EventHub();
  const intents = new CreateIntents();
  const nodes = new NodeBook({ store, log });
  const replication =
    config.replication &&
    new Replication({ ...config.replication, takeOverMs: TAKE_OVER_MS, store, version, log });
  const role = replication ?? soleManager(Date.now(), version);
  // Managers that share a store without replication all answer, but only one of them moves containers.
  const keeper =
    replication === undefined && shared
      ? new Election({
          store,
          key: KEEPER_KEY,
          value: hostname(),
          ttlMs: KEEPER_TTL_MS,
          takeOverMs: TAKE_OVER_MS,
          log,
          words: keeperWords,
        })
      : undefined;
  const scheduler = new Scheduler({
    filters: filtersByName(config.filters),
    strategy: strategyByName(config.strategy),
    rules: config.cluster.rules,
    random,
  });
  const cluster = new Cluster({
    settings: config.engine,
    options: config.cluster,
    tls,
    scheduler,
    log,
    random,
    nodes,
    fence: () => mustLead(role),
    exact: config.authzPolicy !== "",
    listener: {
      onEngineEvent: (engine, event) => {
        if (event.Type === "container" && event.Action === "destroy") intents.delete(event.Actor?.ID ?? "");
        rescheduler.onEngineEvent(engine, event);
        if (event.Type === "container" && event.Action === "create") {
          orphans.review(engine);
          clashes.appeared(engine, event.Actor?.ID ?? "");
        }
        hub.publish(formatEvent(event, engine));
      },
      onEngineChange: (engine, action) => {
        hub.publish(managerEvent(action, engine, Date.now()));
        rescheduler.onEngineChange(engine, action);
        if (action !== "engine_disconnect") orphans.review(engine);
      },
    },
  });
  const orphans = new OrphanCreates({ cluster, wishes: () => rescheduler.wishes, log, now: Date.now });
  const clashes = new NameClashes({ cluster, log });
  const leadership = !keeps
    ? noLeadership
    : (replication?.leadership ?? keeper ?? soleLeadership(Date.now()));
  const announce: Announce = ({ action, node, ...about }) =>
    hub.publish(managerEvent(action, node, Date.now(), about));
  const rescheduler = new Rescheduler({
    cluster,
    store,
    leadership,
    recreate: (order) => recreate(services, order),
    announce,
    options: config.cluster.reschedule,
    settings: config.engine,
    tls,
    log,
    random,
  });
  const drains = new Drains({ cluster, nodes, moves: rescheduler, leadership, announce, log, random });
  const rebalancer = new Rebalancer({
    cluster,
    moves: rescheduler,
    leadership,
    announce,
    strategy: config.strategy,
    filters: filtersByName(config.filters),
    rules: config.cluster.rules,
    log,
  });
  const membership = new Membership({ discovery, cluster, log, heartbeatMs: config.heartbeatMs });
  const life = new AbortController();
  const listeners: Listener[] = [];
  const dispose = async (): Promise<void> => {
    life.abort();
    hub.close();
    // First, so that the next primary need not wait for what this one still finishes.
    await Promise.all([
      drains[Symbol.asyncDispose](),
      rebalancer[Symbol.asyncDispose](),
      replication?.[Symbol.asyncDispose](),
      keeper?.[Symbol.asyncDispose](),
    ]);
    await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
    await relay?.[Symbol.asyncDispose]();
    // It moves nothing any more, but what the last requests did is to be remembered.
    await rescheduler[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
    await discovery[Symbol.asyncDispose]();
    await store.close();
  };
  let relay: Relay | undefined;
  let services: Services;
  try {
    const access =
      config.authzPolicy === ""
        ? undefined
        : AccessControl.load(config.authzPolicy, { cluster, log, replicated: replication !== undefined });
    services = {
      cluster,
      access,
      membership,
      hub,
      config,
      log,
      version,
      streams: new OpenStreams(),
      intents,
      orphans,
      clashes,
      pulls: new ClientPulls(),
      builders: new Builders(),
      copies: new ImageCopies(),
      role,
      nodes,
      wishes: rescheduler.wishes,
      absent: rescheduler.absent,
      moves: rescheduler,
      drains,
      rebalancer,
    };
    const api = createHttpApp(services, apiRoutes(services));
    if (replication !== undefined) {
      relay = new Relay(api, { replication, tls, waitMs: config.cluster.leaderWaitMs, log });
      role.leadership.onTerm(({ lost }) => lost.addEventListener("abort", () => hub.dismiss()));
    }
    // Before anything can be placed.
    await nodes.load();
    const http = relay ?? api;
    const failures = new HandshakeLog(world.stderr ?? ((line) => process.stderr.write(line)));
    for (const address of config.hosts)
      listeners.push(await Listener.open(address, http, log, tls, { failures }));
    const failed = Promise.race([
      ...listeners.map((listener) => listener.failed),
      Promise.all([
        membership.run(life.signal),
        nodes.run(life.signal),
        drains.run(life.signal),
        replication?.run(life.signal),
        keeper?.run(life.signal),
        rescheduler.run(life.signal),
      ]).then(() => new Promise<never>(() => undefined)),
    ]);
    const reload = (): void => readAgain({ certificates: tls, "authorization policy": access }, tls, log);
    return { ready: Promise.resolve(), failed, reload, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Reads files again, each by itself: one that cannot be used does not keep the others back. */
function readAgain(
  parts: Readonly<Record<string, { reload(): void } | undefined>>,
  tls: TlsIdentity | undefined,
  log: Logger,
): void {
  for (const [name, part] of Object.entries(parts)) {
    try {
      part?.reload();
      if (part !== undefined) log.info(`${name} read again`);
    } catch (error) {
      log.error({ err: error }, `${name} not read again: what was in force stays`);
    }
  }
  for (const warning of tls?.warnings ?? []) log.warn(warning);
}
