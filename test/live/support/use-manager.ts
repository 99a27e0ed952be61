import { lab } from "./fixtures.ts";
import { sweep } from "./leftovers.ts";
import { Manager } from "./manager.ts";
import type { ManagerOptions } from "./manager.ts";

/**
 * A manager of their own for the tests of one `describe`, which leave no containers behind, and which fail unless it
 * ends with exit code 0. Call it in the body of the `describe`, its result in the tests. Options that need the lab are
 * a function.
 */
export function useManager(options: ManagerOptions | (() => ManagerOptions) = {}): () => Manager {
  let manager: Manager | undefined;
  const running = () => {
    if (manager === undefined) throw new Error("the manager is up only while tests run");
    return manager;
  };
  before(async () => {
    manager = await Manager.start(lab(), typeof options === "function" ? options() : options);
  });
  afterEach(async () => await sweep(lab(), running()));
  after(async () => await manager?.stop());
  return running;
}
