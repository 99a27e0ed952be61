import type { LabEngine } from "../../lab/engine.ts";
import type { Lab } from "../../lab/lab.ts";

/** Removes every container, dead or alive, from every engine of the lab, past any manager. */
export async function removeContainers(lab: Lab): Promise<void> {
  await Promise.all(lab.engines.map(removeAll));
}

async function removeAll(engine: LabEngine): Promise<void> {
  const { body } = await engine.api("GET", "/containers/json?all=1");
  const containers = JSON.parse(body) as readonly { Id: string }[];
  await Promise.all(
    containers.map(({ Id }) => engine.api("DELETE", `/containers/${Id}?force=1&v=1`)), // one that goes by itself: 404, 409
  );
}
