import { expect } from "chai";
import type { LabEngine } from "../../lab/engine.ts";
import { succeed } from "./docker-cli.ts";
import type { Docker } from "./docker-cli.ts";

/** The name of the node that holds a container. */
export async function nodeOf(docker: Docker, container: string): Promise<string> {
  return await succeed(docker, ["inspect", "--type", "container", "--format", "{{.Node.Name}}", container]);
}

/** Creates a busybox container with these flags, without starting it, and gives the name of its node. */
export async function placed(docker: Docker, ...flags: readonly string[]): Promise<string> {
  const id = await succeed(docker, ["create", ...flags, "busybox", "sleep", "1000"]);
  return await nodeOf(docker, id);
}

/** Starts a busybox container with these flags that lasts until it is removed, and gives its ID. */
export async function running(docker: Docker, ...flags: readonly string[]): Promise<string> {
  return await succeed(docker, ["run", "-d", ...flags, "busybox", "sleep", "1000"]);
}

/** Runs a docker command that has to fail and gives the lines of its error, without the client's own words. */
export async function refused(docker: Docker, args: readonly string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await docker(args);
  expect(code, `docker ${args.join(" ")} should fail\n${stdout}`).to.not.equal(0);
  return stderr
    .replace(/^(docker: )?Error response from daemon: /m, "")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("Run 'docker run --help'"));
}

/** Like {@link refused}, for `docker create` of a busybox container with these flags. */
export async function notPlaced(docker: Docker, ...flags: readonly string[]): Promise<readonly string[]> {
  return await refused(docker, ["create", ...flags, "busybox", "sleep", "1000"]);
}

/** The IDs of all containers on an engine, asked from the engine itself. */
export async function containersOf(engine: LabEngine): Promise<readonly string[]> {
  const { body } = await engine.api("GET", "/containers/json?all=1");
  return (JSON.parse(body) as { Id: string }[]).map(({ Id }) => Id);
}

/** What an engine itself says about a container. */
export async function inspectOn(engine: LabEngine, container: string): Promise<EngineContainer> {
  const { status, body } = await engine.api("GET", `/containers/${container}/json`);
  expect(status, `${container} on ${engine.name}: ${body}`).to.equal(200);
  return JSON.parse(body) as EngineContainer;
}

/** The part of an engine's inspect answer that placement may change. */
export interface EngineContainer {
  readonly Id: string;
  readonly State: { readonly StartedAt: string };
  readonly Config: {
    readonly Env: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>>;
  };
  readonly HostConfig: {
    readonly NetworkMode: string;
    readonly PidMode: string;
    readonly CpuShares: number;
    readonly VolumesFrom: readonly string[] | null;
    readonly Links: readonly string[] | null;
  };
}
