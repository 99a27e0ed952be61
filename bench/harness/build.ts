import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");

/**
 * Compiles manager, fleet and benchmark into a folder of their own: compiled code is what users run, and `dist` stays as it is. What is
 * wrong with types is for `npm run check` to say.
 * @returns the compiled `bench/main.js`
 */
export async function buildBenchmark(): Promise<string> {
  const compiler = path.join(ROOT, "node_modules/typescript/bin/tsc");
  const child = spawn(process.execPath, [compiler, "-p", "bench/tsconfig.build.json"], {
    cwd: ROOT,
    stdio: "inherit",
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error("the build failed");
  return path.join(ROOT, ".cache/bench/bench/main.js");
}

/** Runs what was built, at this terminal, and passes its signals on. @returns the exit code */
export async function runBuilt(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [program, ...args], { cwd: ROOT, stdio: "inherit" });
  const stop = (): void => void child.kill("SIGTERM");
  process.on("SIGTERM", stop);
  // At a terminal Ctrl-C reaches the child by itself.
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  const [code] = (await once(child, "exit")) as [number | null];
  process.off("SIGTERM", stop).off("SIGINT", ignore);
  return code ?? 1;
}
