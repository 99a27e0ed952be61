import type { Fault, faultKinds, FaultFamily } from "../plan/faults.ts";
import type { World } from "./world.ts";

/** Ends a fault and leaves what it hit as it was, running and reachable. */
export type Undo = () => Promise<unknown>;

/** Makes a fault happen. */
export type Injector = (world: World, fault: Fault) => Promise<Undo>;

/** The kinds of faults that hit one of these families. */
export type KindOf<F extends FaultFamily> = {
  [K in keyof typeof faultKinds]: (typeof faultKinds)[K]["family"] extends F ? K : never;
}[keyof typeof faultKinds];

/** For what is over in the moment it happens. */
export const nothingToUndo: Undo = () => Promise.resolve();
