import { expect } from "chai";
import type { Lab } from "../../lab/lab.ts";
import { lab } from "./fixtures.ts";

/** After each test of this `describe`, networks and volumes that a failed one left are removed. After `useManager`, which removes the containers. */
export function leavesNothing(): void {
  afterEach(async () => {
    await pruneNetworks(lab());
    await pruneVolumes(lab());
  });
}

/** Removes every network that no container uses from every engine, past the manager. */
export async function pruneNetworks({ engines }: Lab): Promise<void> {
  for (const engine of engines) {
    const { status } = await engine.api("POST", "/networks/prune");
    expect(status).to.equal(200);
  }
}

/** The same for volumes, named ones as well. */
export async function pruneVolumes({ engines }: Lab): Promise<void> {
  // Engines before 23.0 know no filter `all`, and prune all.
  const all = encodeURIComponent('{"all":{"true":true}}');
  for (const engine of engines) {
    const filters = engine.version.startsWith("20.") ? "" : `?filters=${all}`;
    const { status } = await engine.api("POST", `/volumes/prune${filters}`);
    expect(status).to.equal(200);
  }
}
