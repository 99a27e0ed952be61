/** The process that is the fleet: started by {@link FleetProcess}, ends with its parent. */
import { SharedDoor, startFleet, type Fleet } from "../fleet/index.ts";
import { workloadEngine } from "../fleet/workload.ts";
import { fleetCalls } from "./calls.ts";
import { loopbackAddress } from "./loopback.ts";
import type { FleetMessage, FleetPlan, FleetRequest } from "./protocol.ts";

/** Up to so many have a listening socket each. */
const MOST_LISTENERS = 4_000;

const tell = (message: FleetMessage): void => void process.send?.(message);

const plan = JSON.parse(process.argv[2] ?? "{}") as FleetPlan;
process.once("disconnect", () => process.exit(0));
// The signals of a terminal are for the parent, which ends the fleet in order.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);

function serve(fleet: Fleet): void {
  const calls = fleetCalls(fleet.engines);
  const answer = async ({ number, call, args }: FleetRequest): Promise<void> => {
    try {
      const run = calls[call] as (...given: readonly unknown[]) => unknown;
      tell({ number, result: (await run(...args)) ?? null });
    } catch (error) {
      tell({ number, error: String(error) });
    }
  };
  process.on("message", (request) => void answer(request as FleetRequest));
  tell({ engines: fleet.engines.map(({ name, addr, id }) => ({ name, addr, id })) });
}

try {
  const door = plan.engines > MOST_LISTENERS ? await SharedDoor.start() : undefined;
  serve(
    await startFleet(plan.engines, (index) => ({
      ...workloadEngine(index, plan.containersEach),
      host: loopbackAddress(index),
      port: plan.port,
      door,
    })),
  );
} catch (error) {
  tell({ failed: String((error as Error).cause ?? error) });
  process.disconnect();
}
