import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cacheRoot } from "../../../lab/paths.ts";
import type { Violation } from "../invariants/violation.ts";
import type { Stage } from "./phase.ts";

/** Keeps all that helps to understand a violation, and says where. */
export function keepEvidence(
  { world, observer, workload }: Stage,
  label: string,
  violations: readonly Violation[],
): string {
  const folder = path.join(cacheRoot, "chaos", label);
  mkdirSync(folder, { recursive: true });
  const copy = (file: string, name: string) => {
    if (existsSync(file)) copyFileSync(file, path.join(folder, name));
  };
  for (const { name, logFile } of world.managers) copy(logFile, `${name}.log`);
  for (const { name, host } of world.lab.engines) {
    copy(path.join(host.folder, "dockerd.log"), `${name}.log`);
    copy(path.join(host.folder, "agent.log"), `${name}-agent.log`);
  }
  for (const { name, server } of world.store?.members ?? [])
    copy(path.join(server.folder, "log"), `${name}.log`);
  const json = (name: string, value: unknown) =>
    writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(value, undefined, 1)}\n`);
  json("violations", violations);
  json("operations", workload.history.operations);
  json("containers", observer.containers);
  json("acts", world.audit.acts);
  json("leaders", observer.key);
  return folder;
}
