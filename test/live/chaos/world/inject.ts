import type { Fault, FaultKind } from "../plan/faults.ts";
import { engineFaults } from "./inject-engine.ts";
import { managerFaults } from "./inject-manager.ts";
import { storeFaults } from "./inject-store.ts";
import type { Injector, Undo } from "./injector.ts";
import type { World } from "./world.ts";

const injectors: Readonly<Record<FaultKind, Injector>> = {
  ...engineFaults,
  ...managerFaults,
  ...storeFaults,
};

/** Makes a fault happen. */
export async function inject(world: World, fault: Fault): Promise<Undo> {
  return await injectors[fault.kind](world, fault);
}
