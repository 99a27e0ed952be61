import path from "node:path";
import { expect } from "chai";
import { run } from "../../lab/command.ts";
import type { CommandResult } from "../../lab/command.ts";
import { dockerEnvironment } from "../../lab/docker-cli.ts";
import type { LabEngine } from "../../lab/engine.ts";
import type { ClientConfig } from "./client-config.ts";
import type { Docker } from "./docker-cli.ts";
import { lab } from "./fixtures.ts";

/** A Compose command, bound to an endpoint and a project: `(["up", "-d"])`. */
export type Compose = Docker;

/** The file of a project in `test/live/clients/projects`, which is its name too. */
export function projectFile(project: string): string {
  return path.resolve(import.meta.dirname, `../clients/projects/${project}.yml`);
}

/** `docker compose`, version 2. */
export function composeV2(config: ClientConfig, url: string, project: string): Compose {
  const docker = config.at(url);
  const first = ["compose", "--progress", "plain", "-p", project, "-f", projectFile(project)];
  return async (args, options) => await docker([...first, ...args], options);
}

/** `docker-compose`, version 1. */
export function composeV1(url: string, project: string): Compose {
  const first = ["--ansi", "never", "-p", project, "-f", projectFile(project)];
  return async (args) =>
    await run("timeout", ["-k", "1", "60", "docker-compose", ...first, ...args], {
      env: dockerEnvironment({ ...lab().mark, DOCKER_HOST: url }),
    });
}

/**
 * What Compose says, without what differs from run to run: containers are handled in parallel, so the order of progress
 * and of the logs is anybody's. And without the documented differences of a manager: the node before a container's name,
 * and published ports at one address, the node's.
 */
export function tidied(compose: Compose): Compose {
  return async (args, options) => {
    const result = await compose(args, options);
    return { ...result, stdout: tidy(args, result.stdout), stderr: sorted(withoutNodes(result.stderr)) };
  };
}

function tidy([command]: readonly string[], stdout: string): string {
  const text = withoutNodes(stdout)
    .replaceAll(/, ?(\[::\]|::):\d+->\d+\/\w+/g, "")
    .replaceAll(/(\b[\d.]+:\d+->\d+\/\w+),\1/g, "$1") // version 1 lists both families
    .replaceAll(/-{5,}/g, "-----");
  return command === "logs" ? sorted(text.replaceAll(/^(?:shop-)?(\S+) +\|/gm, "$1 |")) : text;
}

const withoutNodes = (text: string): string => text.replaceAll(/\bnode-\d\//g, "");

const sorted = (text: string): string =>
  [...new Set(text.split("\n").map((line) => line.trimEnd()))].sort().join("\n");

/** Runs a Compose command that has to succeed and gives its standard output, trimmed. */
export async function done(compose: Compose, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr }: CommandResult = await compose(args);
  expect(code, `compose ${args.join(" ")}\n${stderr}${stdout}`).to.equal(0);
  return stdout.trim();
}

/** What is left of a project on an engine: names of its containers, networks and volumes. */
export async function leftOn(engine: LabEngine, project: string): Promise<readonly string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`com.docker.compose.project=${project}`] }));
  const ask = async (list: string) =>
    JSON.parse((await engine.api("GET", `/${list}filters=${filters}`)).body) as unknown;
  const containers = (await ask("containers/json?all=1&")) as readonly { Names: readonly string[] }[];
  const networks = (await ask("networks?")) as readonly { Name: string }[];
  const { Volumes } = (await ask("volumes?")) as { Volumes: readonly { Name: string }[] | null };
  return [
    ...containers.flatMap(({ Names }) => Names),
    ...networks.map(({ Name }) => Name),
    ...(Volumes ?? []).map(({ Name }) => Name),
  ];
}

/** The same on all engines of the lab, each name after its engine's. */
export async function leftovers(project: string): Promise<readonly string[]> {
  const lists = lab().engines.map(async (engine) =>
    (await leftOn(engine, project)).map((name) => `${engine.name}: ${name}`),
  );
  return (await Promise.all(lists)).flat();
}
