import { CommandError } from "../command-error.ts";
import type { CommandWorld } from "../command-world.ts";
import type { FlagValues } from "../flag-parser.ts";
import { formatFlag, noOperands } from "../operator/arguments.ts";
import { fields, list, number, text } from "../operator/fields.ts";
import { ManagerClient } from "../operator/manager-client.ts";
import { plain, plainJson, table } from "../operator/plain.ts";
import type { simulationFlags, simulationListFlags } from "./flags.ts";
import { managerPlace, reachedAt } from "./where.ts";

export type Order = "fail" | "recover" | "freeze";

/** `swarm simulate fail NODE [NODE...]` and its kin. @throws CommandError */
export async function giveOrder(
  order: Order,
  { host }: FlagValues<typeof simulationFlags>,
  nodes: readonly string[],
  world: CommandWorld,
): Promise<number> {
  if (nodes.length === 0)
    throw new CommandError(
      `simulate ${order} needs a NODE. See '${world.program} simulate ${order} --help'.`,
    );
  const { client } = await runningSimulation(host, world);
  for (const node of nodes) {
    await client.ask("POST", `/nodes/${encodeURIComponent(node)}/${order}`);
    world.stdout.write(`${plain(node)}\n`);
  }
  return 0;
}

/** `swarm simulate list` @throws CommandError */
export async function listSimulated(
  flags: FlagValues<typeof simulationListFlags>,
  positional: readonly string[],
  world: CommandWorld,
): Promise<number> {
  noOperands("simulate list", positional, world);
  const format = formatFlag(flags.format);
  const { client } = await runningSimulation(flags.host, world);
  const nodes = list((await client.ask("GET", "/nodes")).body);
  if (format === "json") world.stdout.write(nodes.map((node) => `${plainJson(node)}\n`).join(""));
  else {
    const rows = nodes.map((node) => [
      text(node, "name"),
      text(node, "addr"),
      text(node, "condition"),
      String(number(node, "containers")),
    ]);
    world.stdout.write(table(["NODE", "ADDR", "CONDITION", "CONTAINERS"], rows));
  }
  return 0;
}

interface Found {
  readonly client: ManagerClient;
  /** Of its manager; `""`: it has none. */
  readonly manager: string;
}

/** The one that is meant, or the only one there is. @throws CommandError */
async function runningSimulation(host: string, { env, program }: CommandWorld): Promise<Found> {
  const wanted = host === "" ? undefined : reachedAt(managerPlace(host, true));
  const { controlSockets } = await import("../../simulate/control/place.ts");
  const asked = await Promise.all(controlSockets(env).map(reach));
  const found = asked.filter((each) => each !== undefined);
  const chosen = wanted === undefined ? found : found.filter(({ manager }) => manager === wanted);
  const [only, other] = chosen;
  if (only === undefined)
    throw new CommandError(
      wanted === undefined || found.length === 0
        ? `no simulation of this user is running on this machine. Start one with '${program} simulate'.`
        : `no simulation has a manager at ${wanted}, only ${shown(found)}`,
    );
  if (other !== undefined)
    throw new CommandError(`several simulations are running, choose one with --host: ${shown(found)}`);
  return only;
}

const shown = (found: readonly Found[]): string =>
  found.map(({ manager }) => (manager === "" ? "one without a manager" : manager)).join(", ");

/** Undefined: whoever had this socket was killed. */
async function reach(socket: string): Promise<Found | undefined> {
  const flags = {
    host: `unix://${socket}`,
    tls: false,
    tlsverify: false,
    tlscacert: "",
    tlscert: "",
    tlskey: "",
  };
  const client = new ManagerClient(flags, {});
  try {
    return { client, manager: text(fields((await client.ask("GET", "/")).body), "Manager") };
  } catch {
    return undefined;
  }
}
