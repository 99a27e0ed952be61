import { defaultClusterOptions } from "../../src/cli/cluster-options.ts";
import { filtersByName, FILTERS } from "../../filters/index.ts";
import { pino } from "pino";
import { startSimulatedEngine, type EngineOptions, type SimulatedEngine } from "../../bench/fleet/index.ts";
import { Cluster, type ClusterDependencies } from "../../src/cluster/cluster.ts";
import type { Engine } from "../../src/cluster/engine.ts";
import type { EngineEvent } from "../../src/docker/types.ts";
import { EMPTY_REQUEST } from "../../src/scheduler/empty-request.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import type { PlacementRequest } from "../../src/scheduler/types.ts";
import { strategyByName } from "../../strategies/index.ts";

/** A cluster whose clockwork runs in milliseconds, over simulated engines; remembers what it was told. */
export interface World extends AsyncDisposable {
  readonly cluster: Cluster;
  /** `engine_connect node-1`, `start web`, … in the order of arrival. */
  readonly heard: readonly string[];
  /** Log lines, as objects. */
  readonly logged: readonly { readonly msg: string; readonly level: number }[];
  engine(options?: Partial<EngineOptions>): Promise<SimulatedEngine>;
  /** Makes the cluster's addresses these. */
  set(...addresses: (string | SimulatedEngine)[]): void;
  /** The cluster's engine at an address. */
  at(address: string | SimulatedEngine): Engine;
  /** Waits until the engine is in that state. */
  until(address: string | SimulatedEngine, state: Engine["state"]): Promise<Engine>;
  /** Runs in the middle of an announcement. */
  onAnnouncement: ((engine: Engine, action: string) => void) | undefined;
}

/** Asks again and again; fails when it has not come true in ten seconds. */
export async function eventually(what: string, ask: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!ask()) {
    if (performance.now() > deadline) throw new Error(`has not come true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export const wanted = (parts: Partial<PlacementRequest>): PlacementRequest => ({
  ...EMPTY_REQUEST,
  ...parts,
});

const text = (address: string | SimulatedEngine): string =>
  typeof address === "string" ? address : address.addr;

export function startWorld(changes: Partial<ClusterDependencies> = {}): World {
  const simulated: SimulatedEngine[] = [];
  const heard: string[] = [];
  const logged: { msg: string; level: number }[] = [];
  const random = (): number => 0;
  let started = 0;
  const cluster = new Cluster({
    settings: { refreshMinMs: 25, refreshMaxMs: 25, failureRetry: 2 },
    options: { ...defaultClusterOptions, overcommit: 0 },
    scheduler: new Scheduler({
      filters: filtersByName(FILTERS.map(({ name }) => name)),
      strategy: strategyByName("spread"),
      rules: { modern: false },
      random,
    }),
    log: pino(
      { level: "debug", base: null },
      { write: (line: string) => void logged.push(JSON.parse(line) as { msg: string; level: number }) },
    ),
    random,
    deadlines: { probe: 400, call: 500, list: 500 },
    listener: {
      onEngineEvent: (_engine, event) => void heard.push(inWords(event)),
      onEngineChange: (engine, action) => {
        heard.push(`${action} ${engine.name}`);
        world.onAnnouncement?.(engine, action);
      },
    },
    ...changes,
  });
  const world: World = {
    cluster,
    heard,
    logged,
    onAnnouncement: undefined,
    async engine(options = {}) {
      const one = await startSimulatedEngine({ name: `node-${++started}`, ...options });
      simulated.push(one);
      return one;
    },
    set(...addresses) {
      cluster.setEntries(
        addresses.map((address) => {
          const [, host = "", port = ""] = /^(.*):(\d+)$/.exec(text(address)) ?? [];
          return { host, port: Number(port) };
        }),
      );
    },
    at(address) {
      const engine = cluster.engineAt(text(address));
      if (engine === undefined) throw new Error(`no engine at ${text(address)}`);
      return engine;
    },
    async until(address, state) {
      const engine = world.at(address);
      await eventually(`${text(address)} being ${state}`, () => engine.state === state);
      return engine;
    },
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]();
      await Promise.all(simulated.map((engine) => engine.dispose()));
    },
  };
  return world;
}

const inWords = ({ Action = "", Actor }: EngineEvent): string =>
  `${Action} ${Actor?.Attributes?.name ?? Actor?.ID ?? ""}`;
