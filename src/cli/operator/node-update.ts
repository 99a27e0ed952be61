import { CommandError } from "../command-error.ts";
import type { CommandWorld } from "../command-world.ts";
import { durationFlag } from "../checks.ts";
import type { FlagValues } from "../flag-parser.ts";
import { oneOperand } from "./arguments.ts";
import { fields, text } from "./fields.ts";
import type { nodeUpdateFlags } from "./flags.ts";
import { followDrain } from "./follow-drain.ts";
import { ManagerClient } from "./manager-client.ts";
import { nodePath } from "./node-inspect.ts";
import { plain } from "./plain.ts";

type Flags = FlagValues<typeof nodeUpdateFlags>;

/** `swarm node update NODE`: a drain is followed until it ends. @throws CommandError */
export async function nodeUpdate(
  flags: Flags,
  { positional, given }: { readonly positional: readonly string[]; readonly given: ReadonlySet<string> },
  world: CommandWorld,
): Promise<number> {
  const node = oneOperand("node update", "NODE", positional, world);
  const change = changeOf(flags, given);
  if (Object.keys(change).length === 0) {
    throw new CommandError(
      `node update needs --availability, --label-add or --label-rm. See '${world.program} node update --help'.`,
    );
  }
  const client = new ManagerClient(flags, world.env);
  const follows = flags.availability === "drain" && !flags.detach;
  // From here on, so that no moment is left in which Ctrl-C ends the program without a word.
  const stop = follows ? world.stopGracefully() : new AbortController().signal;
  const { body } = await client.ask("POST", `${nodePath(node)}/update`, { body: change });
  if (!follows) {
    world.stdout.write(`${plain(text(fields(body), "Name") || node)}\n`);
    return 0;
  }
  return await followDrain(client, node, fields(body), { world, stop });
}

function changeOf(flags: Flags, given: ReadonlySet<string>): object {
  const { availability } = flags;
  if (given.has("availability") && !["active", "pause", "drain"].includes(availability))
    throw new CommandError(
      `invalid --availability ${JSON.stringify(availability)}: active, pause and drain are known`,
    );
  const added = flags["label-add"].map((label) => {
    const at = label.indexOf("=");
    if (at < 1) throw new CommandError(`invalid --label-add ${JSON.stringify(label)}: key=value is expected`);
    return [label.slice(0, at), label.slice(at + 1)] as const;
  });
  return {
    ...(availability === "" ? {} : { Availability: availability }),
    ...(added.length === 0 ? {} : { LabelAdd: Object.fromEntries(added) }),
    ...(flags["label-rm"].length === 0 ? {} : { LabelRemove: flags["label-rm"] }),
    ...deadlineOf(flags, given),
  };
}

function deadlineOf({ availability, "drain-deadline": deadline }: Flags, given: ReadonlySet<string>): object {
  const seconds = Math.ceil(durationFlag("drain-deadline", deadline) / 1_000);
  if (seconds < 1) throw new CommandError("--drain-deadline should be at least one second");
  if (availability === "drain") return { DrainDeadlineSeconds: seconds };
  if (given.has("drain-deadline")) throw new CommandError("--drain-deadline needs --availability drain");
  return {};
}
