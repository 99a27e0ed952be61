import { setTimeout as sleep } from "node:timers/promises";
import type { SimulatedEngine } from "../fleet/index.ts";
import type { EventTrain, FleetCalls, FleetContainer } from "./protocol.ts";

/** The calls as the fleet's process answers them: now or, what takes time, later. */
export type FleetHandlers = {
  readonly [Name in keyof FleetCalls]: (
    ...args: Parameters<FleetCalls[Name]>
  ) => ReturnType<FleetCalls[Name]> | Promise<ReturnType<FleetCalls[Name]>>;
};

/** How often a train of events is caught up with, milliseconds. */
const TICK_MS = 2;

/** What a fleet of these engines can be asked. */
export function fleetCalls(engines: readonly SimulatedEngine[]): FleetHandlers {
  const chosen = (indexes: readonly number[]): SimulatedEngine[] =>
    indexes.length === 0 ? [...engines] : indexes.flatMap((index) => engines[index] ?? []);
  const each = async (
    indexes: readonly number[],
    act: (engine: SimulatedEngine) => unknown,
  ): Promise<void> => {
    await Promise.all(chosen(indexes).map(act));
  };
  return {
    kill: (indexes) => each(indexes, (engine) => engine.hangUp()),
    revive: (indexes) => each(indexes, (engine) => engine.revive()),
    freeze: (indexes) => each(indexes, (engine) => engine.suspend()),
    thaw: (indexes) => each(indexes, (engine) => engine.resume()),
    delay: (indexes, ms) => each(indexes, (engine) => engine.slow(ms)),
    requestCounts: () => {
      const sums: Record<string, number> = {};
      for (const { counters } of engines)
        for (const [route, count] of counters) sums[route] = (sums[route] ?? 0) + count;
      return sums;
    },
    resetCounts: () => {
      for (const { counters } of engines) counters.clear();
    },
    containers: (label) => fleetContainers(engines, label),
    removeLabelled: (label) => removeLabelled(engines, label),
    sendEvents: (train) => sendEvents(chosen(train.engines), train),
    connections: () => engines.reduce((sum, engine) => sum + engine.connections, 0),
  };
}

function fleetContainers(engines: readonly SimulatedEngine[], label?: string): FleetContainer[] {
  const found: FleetContainer[] = [];
  for (const [engine, { containers }] of engines.entries())
    for (const { id, name, status, config } of containers.values())
      if (label === undefined || config.Labels?.[label] !== undefined)
        found.push({ id, name, engine, running: status === "running" });
  return found;
}

function removeLabelled(engines: readonly SimulatedEngine[], label: string): number {
  let removed = 0;
  for (const engine of engines) {
    for (const { id, config } of [...engine.containers.values()]) {
      if (config.Labels?.[label] === undefined) continue;
      engine.removeContainer(id);
      removed++;
    }
  }
  return removed;
}

/**
 * Each event carries its number and the moment it was made, by the clock all processes of the machine share: `sequence`, and `sent` in
 * nanoseconds.
 */
async function sendEvents(
  engines: readonly SimulatedEngine[],
  { action, count, perSecond }: EventTrain,
): Promise<number> {
  const begin = performance.now();
  let sent = 0;
  while (sent < count) {
    const due = Math.min(count, Math.floor(((performance.now() - begin) * perSecond) / 1000) + 1);
    for (; sent < due; sent++) {
      const engine = engines[sent % engines.length];
      const container = engine?.containers.values().next().value;
      if (engine === undefined || container === undefined) throw new Error("no container to speak of");
      const { id, name, config } = container;
      const from = config.Image ?? "";
      const marks = { sequence: String(sent), sent: String(process.hrtime.bigint()) };
      const attributes = { ...config.Labels, ...marks, image: from, name };
      engine.emit({ type: "container", action, id, from, attributes });
    }
    await sleep(sent < count ? Math.max(TICK_MS, 1000 / perSecond) : 0);
  }
  return performance.now() - begin;
}
