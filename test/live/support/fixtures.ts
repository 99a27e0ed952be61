import { Lab } from "../../lab/lab.ts";
import type { EngineVersion } from "../../lab/lab.ts";
import { fetchSuiteEngine } from "../../lab/suite-engine.ts";
import { ensureSystem } from "../../lab/system.ts";
import { dockerCliVersion } from "./docker-cli.ts";

/** Mocha may load this file twice, as a fixture and as an import of the tests: the lab lives outside the module. */
const shared = globalThis as { swarmLiveLab?: Lab };

/** The three engines all live tests share. A test that breaks one mends it: `await lab().recover()`. */
export function lab(): Lab {
  if (shared.swarmLiveLab === undefined) throw new Error("the lab is up only while tests run");
  return shared.swarmLiveLab;
}

/** Runs once before all live tests. */
export async function mochaGlobalSetup(): Promise<void> {
  const log = (line: string) => console.log(`  lab: ${line}`);
  await ensureSystem({ install: false, log });
  const newest = await newestEngine(log);
  const begin = performance.now();
  shared.swarmLiveLab = await Lab.create({
    log,
    engines: [
      { name: "node-1", labels: { region: "us-east", storage: "ssd" } },
      { name: "node-2", labels: { region: "us-west", storage: "disk" } },
      { name: "node-3", labels: { region: "eu-west" }, version: newest },
    ],
  });
  const engines = lab().engines.map(({ name, version }) => `${name} ${version}`);
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  log(`${engines.join(", ")} up in ${seconds} s; docker CLI ${await dockerCliVersion()}`);
}

/** Runs once after all live tests, failed or not. */
export async function mochaGlobalTeardown(): Promise<void> {
  await shared.swarmLiveLab?.dispose();
  delete shared.swarmLiveLab;
}

/** A mixed pool is the harder one; where only the system's engine is to be had, the tests run with that, saying so. */
async function newestEngine(log: (line: string) => void): Promise<EngineVersion> {
  const found = await fetchSuiteEngine("sid", log);
  if (found.kind === "ready") return "28";
  log(`node-3 gets the installed engine: ${found.reason}`);
  return "installed";
}
