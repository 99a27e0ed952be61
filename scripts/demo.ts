/**
 * `npm run demo [-- --once] [--engines real|local|simulated] [--port 3376]`: a guided tour of a small cluster, see docs/demo.md.
 */
import { parseArgs } from "node:util";
import { runDemo } from "./demo/run-demo.ts";
import { isEngineKind } from "./demo/types.ts";

const usage = "usage: npm run demo [-- [--once] [--engines real|local|simulated] [--port 3376]]";

function fail(message: string): never {
  console.error(`demo: ${message}`);
  process.exit(1);
}

function options(): { once: boolean; engines: string | undefined; port: number } {
  try {
    const { values } = parseArgs({
      options: { once: { type: "boolean" }, engines: { type: "string" }, port: { type: "string" } },
    });
    return { once: values.once ?? false, engines: values.engines, port: Number(values.port ?? 3376) };
  } catch (error) {
    return fail(`${(error as Error).message}\n${usage}`);
  }
}

const { once, engines, port } = options();
if (engines !== undefined && !isEngineKind(engines)) fail(`--engines ${engines} is not known\n${usage}`);
if (!Number.isInteger(port) || port < 1 || port > 65535) fail(`--port must be between 1 and 65535\n${usage}`);

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) console.log("\ncleaning up");
    stop.abort();
  });
}

process.exit(await runDemo({ once, kind: engines, port, stop: stop.signal }));
