import { SimulatedEngine } from "./engine.ts";
import type { EngineOptions } from "./types.ts";

export type { EventInput } from "./event-log.ts";
export type { PortHolder } from "./state.ts";
export type {
  ContainerSeed,
  EngineOptions,
  EngineVersions,
  RequestRecord,
  SimContainer,
  SystemFacts,
} from "./types.ts";
export { SharedDoor } from "./shared-door.ts";
export { SimulatedEngine };

/** Starts one simulated Docker engine; the caller disposes of it. */
export const startSimulatedEngine = (options: EngineOptions): Promise<SimulatedEngine> =>
  SimulatedEngine.start(options);

/** A number of simulated engines in this process. */
export interface Fleet extends AsyncDisposable {
  readonly engines: readonly SimulatedEngine[];
  /** `127.0.0.1:1001,127.0.0.1:1002`: the argument of `swarm manage`. */
  readonly discovery: string;
  dispose(): Promise<void>;
}

/** What all engines of a fleet have in common; a function gives each its own. */
export type FleetOptions =
  Omit<Partial<EngineOptions>, "name" | "port"> | ((index: number) => Omit<Partial<EngineOptions>, "port">);

/** Starts engines `node-1` … `node-n`. They keep no request log unless asked to. */
export async function startFleet(n: number, options: FleetOptions = {}): Promise<Fleet> {
  const starting = Array.from({ length: n }, (_, index) =>
    startSimulatedEngine({
      name: `node-${index + 1}`,
      keepRequests: 0,
      ...(typeof options === "function" ? options(index) : options),
    }),
  );
  const settled = await Promise.allSettled(starting);
  const engines = settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const dispose = async (): Promise<void> => {
    await Promise.all(engines.map((engine) => engine.dispose()));
  };
  const failed = settled.find((result) => result.status === "rejected");
  if (failed) {
    await dispose();
    throw new Error("a simulated engine did not start", { cause: failed.reason });
  }
  return {
    engines,
    discovery: engines.map(({ addr }) => addr).join(","),
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}
