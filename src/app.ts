import type { Discovery } from "../discovery/types.ts";
import { filtersByName } from "../filters/index.ts";
import { strategyByName } from "../strategies/index.ts";
import { AccessControl } from "./api/access/access-control.ts";
import { Builders } from "./api/build/builders.ts";
import { ClientPulls } from "./api/client-pulls.ts";
import { CreateIntents } from "./api/containers/create-intents.ts";
import { OpenStreams } from "./api/containers/open-streams.ts";
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

/** What the manager gets from outside: tests bring their own. */
export interface World {
  readonly log: Logger;
  readonly discovery: Discovery;
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
  const tls = config.tls && TlsIdentity.load(config.tls);
  const hub = new EventHub();
  const intents = new CreateIntents();
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
    listener: {
      onEngineEvent: (engine, event) => {
        if (event.Type === "container" && event.Action === "destroy") intents.delete(event.Actor?.ID ?? "");
        hub.publish(formatEvent(event, engine));
      },
      onEngineChange: (engine, action) => hub.publish(managerEvent(action, engine, Date.now())),
    },
  });
  const membership = new Membership({ discovery, cluster, log, heartbeatMs: config.heartbeatMs });
  const life = new AbortController();
  const listeners: Listener[] = [];
  const dispose = async (): Promise<void> => {
    life.abort();
    hub.close();
    await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
    await cluster[Symbol.asyncDispose]();
    await discovery[Symbol.asyncDispose]();
  };
  try {
    const access =
      config.authzPolicy === "" ? undefined : AccessControl.load(config.authzPolicy, { cluster, log });
    const services: Services = {
      cluster,
      access,
      membership,
      hub,
      config,
      log,
      version,
      streams: new OpenStreams(),
      intents,
      pulls: new ClientPulls(),
      builders: new Builders(),
      copies: new ImageCopies(),
    };
    const http = createHttpApp(services, apiRoutes(services));
    const failures = new HandshakeLog(world.stderr ?? ((line) => process.stderr.write(line)));
    for (const address of config.hosts)
      listeners.push(await Listener.open(address, http, log, tls, { failures }));
    const failed = Promise.race([
      ...listeners.map((listener) => listener.failed),
      membership.run(life.signal).then(() => new Promise<never>(() => undefined)),
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
