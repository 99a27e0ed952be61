import { readdirSync, readlinkSync } from "node:fs";
import { eventually } from "../../lab/eventually.ts";
import type { Lab } from "../../lab/lab.ts";
import { connectionsTo } from "./connections.ts";
import { containersOf } from "./placing.ts";
import type { Manager, ManagerOptions, NodeRows } from "./manager.ts";

/** Flags of a manager that looks often, so that faults are found within seconds. */
export const watchful: ManagerOptions = {
  // prettier-ignore
  args: [
    "--engine-refresh-min-interval", "1s", "--engine-refresh-max-interval", "2s", "--engine-failure-retry", "2",
  ],
};

/** Waits until the manager shows a node with a status, and gives its rows. */
export async function untilStatus(
  manager: Manager,
  name: string,
  status: "Healthy" | "Unhealthy" | "Pending",
  timeoutMs?: number,
): Promise<NodeRows["rows"]> {
  const ask = async () => {
    const node = (await manager.nodes()).find((each) => each.name === name);
    return node?.rows.Status === status ? node.rows : undefined;
  };
  return await eventually(`${name} is ${status}`, ask, timeoutMs);
}

/** Idle connections a manager may keep to an engine, and its event stream. */
const connectionsPerEngine = 9;

/** How many sockets a manager has open that do not lead to an engine. */
export async function clientSockets({ pid }: Manager, { engines }: Lab): Promise<number> {
  const toEngines = await Promise.all(engines.map(({ ip }) => connectionsTo(ip)));
  return openSockets(pid) - toEngines.flat().length;
}

/** Waits until nothing is left of the streams that clients had open. */
export async function untilStreamsAreGone(manager: Manager, lab: Lab, clientsBefore: number): Promise<void> {
  await eventually("no more clients than before", async () => {
    return (await clientSockets(manager, lab)) <= clientsBefore;
  });
  await eventually("only pooled connections to the engines", async () => {
    const connections = await Promise.all(lab.engines.map(({ ip }) => connectionsTo(ip)));
    return connections.every(({ length }) => length <= connectionsPerEngine);
  });
}

function openSockets(pid: number): number {
  const folder = `/proc/${String(pid)}/fd`;
  return readdirSync(folder).filter((name) => {
    try {
      return readlinkSync(`${folder}/${name}`).startsWith("socket:");
    } catch {
      return false; // closed meanwhile
    }
  }).length;
}

/** A shell loop that says `tick` ten times a second. */
export const ticking = ["sh", "-c", "while :; do echo tick; sleep 0.1; done"];

/** Removes every container from every engine, where no manager has to notice. */
export async function removeContainers(lab: Lab): Promise<void> {
  const removals = lab.engines.map(async (engine) => {
    for (const id of await containersOf(engine)) await engine.api("DELETE", `/containers/${id}?force=1&v=1`);
  });
  await Promise.all(removals);
}
