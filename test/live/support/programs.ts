import path from "node:path";
import { expect } from "chai";
import { run } from "../../lab/command.ts";
import { dockerEnvironment } from "../../lab/docker-cli.ts";
import { lab } from "./fixtures.ts";

/** How to run a program of a client. */
export interface ProgramOptions {
  /** Added to the environment. */
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/**
 * Runs a program of `test/live/clients/programs` with DOCKER_HOST set to `url`, and gives the JSON it prints last. It ends
 * with the lab, and after a minute.
 */
export async function runProgram(
  file: string,
  url: string,
  args: readonly string[],
  { env, input }: ProgramOptions = {},
): Promise<unknown> {
  const program = path.resolve(import.meta.dirname, "../clients/programs", file);
  const interpreter = file.endsWith(".py") ? ["/usr/bin/python3"] : [process.execPath, "--import", "tsx"];
  const command = ["-k", "1", "60", ...interpreter, program, ...args];
  const { code, stdout, stderr } = await run("timeout", command, {
    env: dockerEnvironment({ ...lab().mark, DOCKER_HOST: url, ...env }),
    ...(input === undefined ? {} : { input }),
  });
  expect(code, `${file} ${args.join(" ")}\n${stderr}${stdout}`).to.equal(0);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as unknown;
}
