import type { LabEngine } from "../../lab/engine.ts";
import { dockerAt } from "./docker-cli.ts";
import type { Comparison, Docker } from "./docker-cli.ts";
import type { Manager } from "./manager.ts";

/** Command lines that end differently through a manager, each with the reason. */
export interface Differences {
  /** Only the exit codes are the same. */
  readonly words: Readonly<Record<string, string>>;
  /** Not even these. */
  readonly exitCodes: Readonly<Record<string, string>>;
}

/**
 * One engine, and the same engine through a manager: what `expectSame` compares, but for the documented differences.
 */
export function bothWays(engine: LabEngine, manager: Manager, differences: Differences): Comparison {
  const nodePrefix = new RegExp(`(?<![\\w/-])${engine.name}/`, "g");
  return {
    direct: tidied(dockerAt(engine.url), differences),
    manager: tidied(pinned(manager.docker, engine.name), differences),
    rewrite: (text) => text.replace(nodePrefix, ""), // a container's name carries its node
  };
}

/** Makes every container on one node. */
function pinned(docker: Docker, node: string): Docker {
  return async ([command = "", ...rest], options) => {
    const pin = command === "run" || command === "create" ? ["-e", `constraint:node==${node}`] : [];
    return await docker([command, ...pin, ...rest], options);
  };
}

function tidied(docker: Docker, { words, exitCodes }: Differences): Docker {
  return async (args, options) => {
    const result = await docker(args, options);
    const command = args.join(" ");
    if (exitCodes[command] !== undefined)
      return { ...result, code: null, stdout: "", stderr: exitCodes[command] };
    if (words[command] !== undefined) return { ...result, stdout: "", stderr: words[command] };
    return {
      ...result,
      // A manager shows a port published on all addresses of a node once, at the node's own address.
      stdout: result.stdout.replaceAll(/, (\[::\]|::):[\d-]+->[\d-]+\/\w+/g, ""),
      stderr: result.stderr
        .replaceAll(/^time=".*" level=error .*\n/gm, "") // of the client, when it is told to stop sending
        .replaceAll(/(?<=response from daemon: )\w/g, (letter) => letter.toLowerCase()) // engines do either
        .replaceAll(/(?<=\bcontainer:? "?)box\b(?!\n|$)/g, "<id>"), // engines are asked by ID, and repeat it
    };
  };
}
