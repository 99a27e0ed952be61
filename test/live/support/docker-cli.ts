import { expect } from "chai";
import { must } from "../../lab/command.ts";
import type { CommandResult } from "../../lab/command.ts";
import { dockerCli } from "../../lab/docker-cli.ts";
import type { DockerOptions } from "../../lab/docker-cli.ts";

/** The docker command line client, bound to one endpoint. */
export type Docker = (args: readonly string[], options?: DockerOptions) => Promise<CommandResult>;

/** Binds the client to an endpoint: an engine's `url` or a manager's, with what it needs in its environment. */
export function dockerAt(url: string, env: NodeJS.ProcessEnv = {}): Docker {
  return async (args, options = {}) =>
    await dockerCli(url, args, { ...options, env: { ...env, ...options.env } });
}

/** Runs a docker command that has to succeed and gives its standard output without the last newline. */
export async function succeed(
  docker: Docker,
  args: readonly string[],
  options?: DockerOptions,
): Promise<string> {
  const { code, stdout, stderr } = await docker(args, options);
  expect(code, `docker ${args.join(" ")}\n${stderr}${stdout}`).to.equal(0);
  return stdout.replace(/\n$/, "");
}

/** The version of the docker client on this machine. */
export async function dockerCliVersion(): Promise<string> {
  return /version ([^,\s]+)/.exec(await must("docker", ["--version"]))?.[1] ?? "unknown";
}

/** What differs between two runs of the same command and means nothing, and the word that takes its place. */
// prettier-ignore
const noise: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{64}\b/g,                                                          "<id>"],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{12}\b/g,                                           "<id>"],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d\d:?\d\d))?( UTC)?/g,   "<time>"],
  [/\b(Less than a second|About an? (minute|hour)|\d+ (second|minute|hour|day|week|month|year)s?)\b/g, "<duration>"],
  [/\b\d{1,3}(\.\d{1,3}){3}\b/g,                                                 "<address>"],
  [/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g,                                          "<mac>"],
  [/(?<=<address>|\[::\]|localhost):(?!80\b|443\b|8080\b)\d{4,5}\b/g,            ":<port>"],
  [/[ \t]{2,}/g,                                                                 "  "],
  [/[ \t]+$/gm,                                                                  ""],
];

/** Takes ids, times, durations, addresses, random ports and column widths out of a command's output. */
export function normalise(text: string): string {
  return noise.reduce((rest, [pattern, word]) => rest.replace(pattern, word), text.replaceAll("\r\n", "\n"));
}

/** One step of a comparison, as it was run and what it said, normalised. */
export interface Transcript {
  readonly command: string;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Wraps a client so that everything it says is written down. */
export function recording(docker: Docker, into: Transcript[]): Docker {
  return async (args, options) => {
    const result = await docker(args, options);
    const { code, stdout, stderr } = result;
    into.push({
      command: `docker ${args.join(" ")}`,
      code,
      stdout: normalise(stdout),
      stderr: normalise(stderr),
    });
    return result;
  };
}

/** The two endpoints of a comparison. */
export interface Comparison {
  /** An engine itself, the reference. */
  readonly direct: Docker;
  readonly manager: Docker;
  /** Undoes the documented differences in what the manager says, after normalising: node names before names, … */
  readonly rewrite?: (text: string) => string;
}

/**
 * Runs the same commands directly and through the manager, one after the other, and expects the same exit codes and
 * the same output, but for what {@link normalise} and `rewrite` take out. The commands must clean up after themselves.
 */
export async function expectSame(
  { direct, manager, rewrite = (text) => text }: Comparison,
  commands: (docker: Docker) => Promise<unknown>,
): Promise<void> {
  const [expected, actual]: [Transcript[], Transcript[]] = [[], []];
  await commands(recording(direct, expected));
  await commands(recording(manager, actual));
  const rewritten = actual.map((step) => ({
    ...step,
    stdout: rewrite(step.stdout),
    stderr: rewrite(step.stderr),
  }));
  expect(rewritten).to.deep.equal(expected);
}
