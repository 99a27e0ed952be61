import { lab } from "./fixtures.ts";
import { removeContainers } from "./leftovers.ts";
import { Manager } from "./manager.ts";
import type { ManagerOptions } from "./manager.ts";

/**
 * A manager of their own for the tests of one `describe`, which leave no containers behind, and which fail unless it
 * ends with exit code 0. Call it in the body of the `describe`, its result in the tests.
 */
export function useManager(options?: ManagerOptions): () => Manager {
  let manager: Manager | undefined;
  before(async () => {
    manager = await Manager.start(lab(), options);
  });
  afterEach(async () => await removeContainers(lab()));
  after(async () => await manager?.stop());
  return () => {
    if (manager === undefined) throw new Error("the manager is up only while tests run");
    return manager;
  };
}
