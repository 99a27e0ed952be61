import { spawn } from "node:child_process";
import { once } from "node:events";
import { toolEnvironment } from "../../lab/command.ts";
import type { LabEngine } from "../../lab/engine.ts";
import { eventually } from "../../lab/eventually.ts";
import type { Lab } from "../../lab/lab.ts";

/** Holds a port of lab hosts with a program that is no container, until it is disposed of. */
export async function occupyPort(
  lab: Lab,
  engines: readonly LabEngine[],
  port: number,
): Promise<AsyncDisposable> {
  const listeners = await Promise.all(engines.map((engine) => listenOn(lab, engine, port)));
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(listeners.map((stop) => stop()));
    },
  };
}

/** Starts a listener in an engine's network namespace and gives the function that ends it. */
async function listenOn(lab: Lab, engine: LabEngine, port: number): Promise<() => Promise<void>> {
  const namespace = `--net=${lab.network.namespaceFile(engine.name)}`;
  const command = ["busybox", "nc", "-ll", "-p", String(port), "-e", "true"];
  const options = { env: toolEnvironment(lab.mark), stdio: "ignore" } as const;
  const listener = spawn("nsenter", [namespace, ...command], options);
  const ended = once(listener, "exit");
  await eventually(`port ${String(port)} of ${engine.name} is held`, async () => {
    if (listener.exitCode !== null) throw new Error(`nobody can listen on port ${String(port)}`);
    return isListening(await engine.host.exec("cat", "/proc/net/tcp", "/proc/net/tcp6"), port);
  });
  return async () => {
    listener.kill("SIGKILL");
    await ended;
  };
}

/** Whether `/proc/net/tcp` shows a listener (state 0A) on the port. */
function isListening(table: string, port: number): boolean {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table.split("\n").some((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[1]?.endsWith(local) === true && fields[3] === "0A";
  });
}
