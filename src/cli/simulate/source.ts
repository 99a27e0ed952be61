import { readFile, stat, writeFile } from "node:fs/promises";
import { errorText } from "../../errors.ts";
import type { CopyAnswer } from "../../simulate/copy/copy-cluster.ts";
import type { SimulationPlan } from "../../simulate/planned-nodes.ts";
import { CommandError } from "../command-error.ts";
import type { CommandWorld } from "../command-world.ts";
import type { FlagValues } from "../flag-parser.ts";
import { ManagerClient, ManagerError } from "../operator/manager-client.ts";
import { plain } from "../operator/plain.ts";
import type { simulateFlags } from "./flags.ts";
import type { Progress } from "./progress.ts";

export type SimulateFlags = FlagValues<typeof simulateFlags>;

/** Requests to a manager that is copied, at a time: it has other work. */
const COPY_PARALLEL = 8;

/** What is to be simulated, and from where that is known. */
export interface Surroundings {
  readonly world: CommandWorld;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** `swarm.overcommit`, of the simulation and of what is copied. */
  readonly overcommit: number;
}

/** @throws CommandError for flags that contradict each other */
export function checkSource(flags: SimulateFlags, given: ReadonlySet<string>): void {
  const sources = ["file", "from"].filter((name) => given.has(name));
  const own = ["engines", "containers"].find((name) => given.has(name));
  if (sources.length > 1) throw new CommandError("--file and --from cannot be used together");
  if (sources[0] !== undefined && own !== undefined)
    throw new CommandError(`--${own} cannot be used with --${sources[0]}, which says what there is`);
  if (flags.save !== "" && flags.from === "")
    throw new CommandError("--save needs --from, the manager to copy");
  if (
    flags.from === "" &&
    ["tls", "tlsverify", "tlscacert", "tlscert", "tlskey"].some((name) => given.has(name))
  )
    throw new CommandError("the --tls flags are for the manager of --from");
  inRange("engines", flags.engines, 1, 10_000);
  inRange("containers", flags.containers, 0, 10_000);
  inRange("engine-port", flags["engine-port"], 0, 65_535);
  if (flags.engines * flags.containers > 300_000)
    throw new CommandError(
      `${flags.engines * flags.containers} containers are too many: 300000 can be simulated`,
    );
}

function inRange(name: string, value: number, least: number, most: number): void {
  if (value < least || value > most) throw new CommandError(`--${name} should be from ${least} to ${most}`);
}

/** The cluster to simulate; undefined: it was only to be saved. @throws CommandError */
export async function planFrom(
  flags: SimulateFlags,
  around: Surroundings,
): Promise<SimulationPlan | undefined> {
  const { generatedPlan, planOf } = await import("../../simulate/planned-nodes.ts");
  try {
    if (flags.file !== "") return planOf(await fileModel(flags.file, around));
    if (flags.from === "") return generatedPlan(flags.engines, flags.containers);
    const copy = await managerModel(flags, around);
    if (flags.save === "") return planOf(copy);
    await save(flags, copy, around);
    return undefined;
  } catch (error) {
    throw error instanceof CommandError ? error : new CommandError(errorText(error), { cause: error });
  }
}

async function fileModel(file: string, { progress }: Surroundings) {
  const { MAX_FILE_BYTES, parseCluster } = await import("../../simulate/file/parse-cluster.ts");
  progress.now(`reading ${file}`);
  let text: string;
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes, ${MAX_FILE_BYTES} at most can be`);
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${errorText(error)}`, { cause: error });
  }
  return parseCluster(text, file);
}

async function managerModel(flags: SimulateFlags, { world, progress, signal, overcommit }: Surroundings) {
  const { copyCluster, NotAManagerError } = await import("../../simulate/copy/copy-cluster.ts");
  const client = clientOf(flags, world);
  const get = async (path: string): Promise<CopyAnswer> => {
    try {
      return await client.ask("GET", path, { signal });
    } catch (error) {
      if (!(error instanceof ManagerError)) throw error;
      return { status: error.status, message: error.message };
    }
  };
  try {
    const { model, notes } = await copyCluster(
      { get },
      {
        signal,
        overcommit,
        parallel: COPY_PARALLEL,
        onProgress: (read, of) => progress.now(`copying ${flags.from}: ${read} of ${of} containers`),
      },
    );
    const containers = model.nodes.reduce((sum, node) => sum + node.containers.length, 0);
    progress.done(`copied ${flags.from}: ${model.nodes.length} nodes, ${containers} containers`);
    for (const note of notes) progress.done(`  ${note}`);
    return model;
  } catch (error) {
    if (error instanceof NotAManagerError) throw new CommandError(`${flags.from}: ${error.message}`);
    throw error;
  } finally {
    client.close();
  }
}

function clientOf(flags: SimulateFlags, { env }: CommandWorld): ManagerClient {
  try {
    return new ManagerClient({ ...flags, host: flags.from }, env, COPY_PARALLEL);
  } catch (error) {
    // Its own flag is called --host.
    throw new CommandError(errorText(error).replace(/^invalid --host/, "invalid --from"), { cause: error });
  }
}

async function save(
  { save: file, from }: SimulateFlags,
  model: Awaited<ReturnType<typeof managerModel>>,
  { world }: Surroundings,
): Promise<void> {
  const { clusterText } = await import("../../simulate/file/cluster-text.ts");
  const text = clusterText(model, [
    `Copied from ${plain(from)} at ${world.now().toISOString()}. docs/simulator.md explains the keys.`,
    `Simulate it: ${world.program} simulate --file ${plain(file)}`,
  ]);
  // It tells much about a cluster: readable for its owner alone.
  try {
    await writeFile(file, text, { mode: 0o600 });
  } catch (error) {
    throw new CommandError(`cannot write ${file}: ${errorText(error)}`, { cause: error });
  }
  world.stdout.write(`${plain(file)}\n`);
}
