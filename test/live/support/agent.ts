import { expect } from "chai";
import type { LabEngine } from "../../lab/engine.ts";
import { Program, swarm } from "../discovery/token-programs.ts";

/** How agents and `swarm list` reach discovery. */
export interface DiscoveryAccess {
  readonly uri: string;
  /** `--discovery-opt`, such as `kv.token=…`. */
  readonly options?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** The `--discovery-opt` flags of any command. */
export function discoveryFlags({ options = [] }: DiscoveryAccess): readonly string[] {
  return options.flatMap((option) => ["--discovery-opt", option]);
}

/** `swarm join` for an engine, in a process of its own that cannot outlive the lab. `args`: more flags. */
export function joinAs(engine: LabEngine, access: DiscoveryAccess, args: readonly string[]): Program {
  const flags = ["--advertise", engine.addr, ...args, ...discoveryFlags(access)];
  return new Program(["join", ...flags, access.uri], access.env);
}

/** What `swarm list` prints, line by line; it has to succeed. */
export async function listed(access: DiscoveryAccess): Promise<readonly string[]> {
  const { code, stdout, stderr } = await swarm(["list", ...discoveryFlags(access), access.uri], access.env);
  expect(code, `swarm list ${access.uri}\n${stderr}`).to.equal(0);
  return stdout.split("\n").filter((line) => line !== "");
}

/** The error of a `swarm list` that has to fail. */
export async function notListed(access: DiscoveryAccess): Promise<string> {
  const { code, stdout, stderr } = await swarm(["list", ...discoveryFlags(access), access.uri], access.env);
  expect(code, `swarm list ${access.uri} should fail\n${stdout}`).to.equal(1);
  return stderr;
}
