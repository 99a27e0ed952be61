import type { Discovery } from "../discovery/types.ts";
import { filtersByName } from "../filters/index.ts";
import { strategyByName } from "../strategies/index.ts";
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
import { Scheduler } from "./scheduler/scheduler.ts";
import { messages } from "./telemetry/messages.ts";
import type { Logger } from "./telemetry/logger.ts";

/** What the manager gets from outside: tests bring their own. */
export interface World {
  readonly log: Logger;
  readonly discovery: Discovery;
  /** In [0, 1). */
  readonly random: () => number;
  readonly version: string;
}

/** A running manager. */
export interface App extends AsyncDisposable {
  /** All listeners are open. */
  readonly ready: Promise<void>;
  /** Rejects on a fatal listener error. */
  readonly failed: Promise<never>;
}

/**
 * The only function that knows every part; read it to learn the program.
 * @throws when a listener cannot be opened; nothing is left running then
 */
export async function createApp(config: ManageConfig, world: World): Promise<App> {
  const { log, random, discovery, version } = world;
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
  const services: Services = {
    cluster,
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
  const life = new AbortController();
  const listeners: Listener[] = [];
  const dispose = async (): Promise<void> => {
    life.abort();
    hub.close();
    await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
    await cluster[Symbol.asyncDispose]();
  };
  try {
    for (const address of config.hosts) listeners.push(await Listener.open(address, http, log));
  } catch (error) {
    await dispose();
    throw error;
  }
  const failed = Promise.race([
    ...listeners.map((listener) => listener.failed),
    followDiscovery(discovery, cluster, log, life.signal).then(() => new Promise<never>(() => undefined)),
  ]);
  return { ready: Promise.resolve(), failed, [Symbol.asyncDispose]: dispose };
}

/** Keeps the cluster's engines as discovery names them, until the signal. */
async function followDiscovery(
  discovery: Discovery,
  cluster: Cluster,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  for await (const update of discovery.watch(signal)) {
    if (update.kind === "error") {
      log.error(messages.discoveryError(update.error.message));
      continue;
    }
    for (const warning of update.warnings) log.warn(warning);
    cluster.setEntries(update.addresses);
  }
}
