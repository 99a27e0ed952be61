import { expect } from "chai";
import type { LabEngine } from "../../../lab/engine.ts";
import { eventually } from "../../../lab/eventually.ts";
import { succeed } from "../../support/docker-cli.ts";
import { untilStatus, watchful } from "../../support/faults.ts";
import { lab } from "../../support/fixtures.ts";
import { sweep } from "../../support/leftovers.ts";
import { Manager } from "../../support/manager.ts";
import type { ManagerOptions } from "../../support/manager.ts";
import { nodeOf } from "../../support/placing.ts";

/** Asks for a new home when its node fails, and does not keep a dying engine waiting. */
export const movable: readonly string[] = ["--stop-signal", "KILL", "-e", "reschedule:on-node-failure"];

/** First on this node, later anywhere. */
export const firstOn = (node: string): readonly string[] => ["-e", `constraint:node==~${node}`];

/** {@link watchful}, with `--cluster-opt`s. */
export function watching(...clusterOptions: readonly string[]): ManagerOptions & { args: readonly string[] } {
  return {
    args: [...(watchful.args ?? []), ...clusterOptions.flatMap((option) => ["--cluster-opt", option])],
  };
}

/** One container with the name, as its own engine shows it. */
export interface Copy {
  readonly node: string;
  readonly id: string;
  /** `running`, `exited`, `created`, … */
  readonly state: string;
}

/** Runs a container that asks to be moved, on a node, and gives its ID once the manager knows that it runs. */
export async function runOn(
  { docker }: Manager,
  node: string,
  name: string,
  ...flags: readonly string[]
): Promise<string> {
  const command = ["run", "-d", ...movable, ...firstOn(node), "--name", name, ...flags];
  const id = await succeed(docker, [...command, "busybox", "sleep", "1000"]);
  expect(await nodeOf(docker, id)).to.equal(node);
  await eventually(`the manager knows that ${name} runs`, async () => {
    return (await docker(["inspect", "--format", "{{.State.Running}}", id])).stdout === "true\n";
  });
  return id;
}

/** All containers of this name in the lab, past any manager, engines that are down left out. */
export async function copiesOf(name: string, engines = lab().engines): Promise<readonly Copy[]> {
  const filters = encodeURIComponent(JSON.stringify({ name: [`^/${name}$`] }));
  const ask = async (engine: LabEngine): Promise<Copy[]> => {
    if (!engine.isRunning) return [];
    const { body } = await engine.api("GET", `/containers/json?all=1&filters=${filters}`);
    return (JSON.parse(body) as { Id: string; State: string }[]).map(({ Id, State }) => ({
      node: engine.name,
      id: Id,
      state: State,
    }));
  };
  return (await Promise.all(engines.map(ask))).flat();
}

/** Waits until the manager shows it running on another node than `lost`, and gives that node's name. */
export async function untilMoved(
  manager: Manager,
  name: string,
  lost: string,
  timeoutMs = 20_000,
): Promise<string> {
  const format = "{{.State.Running}} {{.Node.Name}}";
  let last = "";
  const ask = async () => {
    const { stdout, stderr } = await manager.docker(["inspect", "--format", format, name]);
    last = stdout + stderr;
    const [state, node] = stdout.trim().split(" ");
    return state === "true" && node !== undefined && node !== lost && node;
  };
  return await eventually(`${name} runs on another node than ${lost}`, ask, timeoutMs, 200).catch(
    (error: unknown) => {
      const log = manager.logs.split("\n").slice(-12).join("\n");
      throw new Error(`${String(error)}, but ${last}\n${log}`, { cause: error });
    },
  );
}

/** Waits until the engines of the lab have exactly one container of the name, which runs, and gives it. */
export async function untilOneRuns(
  name: string,
  { engines = lab().engines, timeoutMs = 20_000 } = {},
): Promise<Copy> {
  let seen: readonly Copy[] = [];
  const ask = async () => {
    seen = await copiesOf(name, engines);
    const [only, ...others] = seen;
    return only?.state === "running" && others.length === 0 && only;
  };
  return await eventually(`exactly one ${name} runs`, ask, timeoutMs, 200).catch((error: unknown) => {
    throw new Error(`${String(error)}, but ${JSON.stringify(seen)}`, { cause: error });
  });
}

/** A row of `swarm reschedule ls`. */
export interface Waiting {
  readonly Name: string;
  readonly ContainerID: string;
  readonly From: string;
  readonly State: string;
  readonly LastError: string;
  readonly Attempts: number;
}

/** What `swarm reschedule ls` shows. */
export async function waiting(manager: Manager): Promise<readonly Waiting[]> {
  const { status, body } = await manager.get("/cluster/reschedules");
  expect(status, body).to.equal(200);
  return JSON.parse(body) as Waiting[];
}

/** Waits until `swarm reschedule ls` shows an error for this container, and gives it. */
export async function untilFailing(manager: Manager, name: string, error: RegExp): Promise<Waiting> {
  let last = "";
  const ask = async () => {
    const row = (await waiting(manager)).find(({ Name }) => Name === name);
    last = row === undefined ? "it is not listed" : `${row.State}: ${row.LastError}`;
    return row !== undefined && error.test(row.LastError) && row;
  };
  return await eventually(`reschedule ls says ${String(error)} of ${name}`, ask, 20_000, 200).catch(
    (cause: unknown) => {
      throw new Error(`${String(cause)}, but ${last}`, { cause });
    },
  );
}

/** Waits until nothing is being moved, and nothing waits for it. */
export async function untilSettled(manager: Manager): Promise<void> {
  await eventually(
    "nothing waits to be moved",
    async () => (await waiting(manager)).length === 0,
    20_000,
    200,
  );
}

/** Mends all engines, waits until the manager has seen it, and removes all containers. */
export async function mend(manager: Manager): Promise<void> {
  await lab().recover();
  for (const { name } of lab().engines) await untilStatus(manager, name, "Healthy");
  await sweep(lab(), manager);
}
