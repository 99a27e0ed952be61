import { writeToAll } from "./attach.ts";
import { EngineRefusal } from "./exchange.ts";
import { readContainerFile } from "./files.ts";
import { randomId } from "./ids.ts";
import { LogBuffer } from "./log-buffer.ts";
import { allocatePorts } from "./ports.ts";
import { Process, StdinQueue } from "./process.ts";
import { findProgram, forever } from "./programs.ts";
import type { EngineState } from "./state.ts";
import type { Endpoint, SimContainer } from "./types.ts";

const isUp = ({ status }: SimContainer): boolean => status === "running" || status === "paused";

/** Starts it; false when it runs already (304). */
export function startContainer(state: EngineState, container: SimContainer): boolean {
  if (isUp(container)) return false;
  const program = findProgram(container.argv) ?? (state.anything ? forever : undefined);
  try {
    for (const { network } of container.endpoints) state.network(network);
    container.ports = allocatePorts(state, container);
    if (!program) {
      throw new EngineRefusal(
        400,
        "failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: " +
          `exec: "${container.argv[0] ?? ""}": executable file not found in $PATH: unknown`,
      );
    }
  } catch (error) {
    container.ports = [];
    container.exitCode = program ? 128 : 127;
    container.error = (error as Error).message;
    for (const client of container.clients ?? []) client.end();
    delete container.clients;
    if (container.hostConfig.AutoRemove === true) destroy(state, container);
    throw error;
  }
  bringUp(state, container);
  const stdin = container.stdin ?? new StdinQueue();
  container.stdin = stdin;
  if (container.config.OpenStdin !== true) stdin.end();
  container.process = new Process(program, container.argv, {
    world: {
      env: () => environment(container),
      hostname: container.id.slice(0, 12),
      tty: container.config.Tty === true,
      readFile: (path) => readContainerFile(container, path),
      now: () => new Date(state.clock.now()),
    },
    stdin,
    output: (stream, data) => {
      logOf(container).append(stream, data, state.clock.now());
      return container.clients ? writeToAll(container.clients, stream, data) : undefined;
    },
    exited: (code) => onExit(state, container, code),
    after: (ms, wake) => state.alarms.after(ms, wake),
  });
  container.stopAsked = false;
  for (const endpoint of container.endpoints) networkEvent(state, container, endpoint, "connect");
  state.containerEvent(container, "start");
  return true;
}

/** What a running container has, without a process: seeds use it as it is. */
export function bringUp(state: EngineState, container: SimContainer): void {
  container.status = "running";
  container.pid = state.newPid();
  container.startedMs = state.clock.now();
  container.exitCode = 0;
  container.error = "";
  for (const endpoint of container.endpoints) {
    endpoint.id = randomId();
    endpoint.ip = endpoint.network === "host" || endpoint.network === "none" ? "" : addressOf(container.pid);
  }
}

const addressOf = (pid: number): string => `172.17.${(pid >> 8) & 255}.${pid & 255 || 1}`;

/** Its variables, `PATH` and `HOSTNAME` included. */
export function environment(container: SimContainer, more: readonly string[] = []): Record<string, string> {
  const env: Record<string, string> = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOSTNAME: container.id.slice(0, 12),
  };
  for (const line of [...(container.config.Env ?? []), ...more]) {
    const at = line.indexOf("=");
    if (at > 0) env[line.slice(0, at)] = line.slice(at + 1);
  }
  return env;
}

export const logOf = (container: SimContainer): LogBuffer => (container.log ??= new LogBuffer());

function networkEvent(
  state: EngineState,
  container: SimContainer,
  { network }: Endpoint,
  action: string,
): void {
  const found = state.networkCalled(network);
  if (!found) return;
  const attributes = { container: container.id, name: found.name, type: found.driver };
  state.events.record({ type: "network", action, id: found.id, attributes });
}

/** Everything that happens when a container's process is gone. */
export function onExit(state: EngineState, container: SimContainer, code: number): void {
  container.process?.discard();
  container.process = undefined;
  container.stdin = undefined;
  container.status = "exited";
  container.exitCode = code;
  container.finishedMs = state.clock.now();
  container.pid = 0;
  container.ports = [];
  delete container.health;
  for (const client of container.clients ?? []) client.end();
  delete container.clients;
  container.log?.close(state.clock.now());
  for (const exec of state.execs.values()) if (exec.container === container) exec.running = false;
  state.containerEvent(container, "die", { exitCode: String(code) });
  for (const endpoint of container.endpoints) {
    endpoint.id = "";
    endpoint.ip = "";
    networkEvent(state, container, endpoint, "disconnect");
  }
  for (const watcher of [...(container.watchers ?? [])]) watcher("exit");
  if (container.hostConfig.AutoRemove === true) destroy(state, container);
  else restartIfWanted(state, container);
}

/** Restart policies, with dockerd's doubling pause of 100 ms. */
function restartIfWanted(state: EngineState, container: SimContainer): void {
  const policy = container.hostConfig.RestartPolicy as
    { Name?: string; MaximumRetryCount?: number } | undefined;
  const name = policy?.Name ?? "no";
  const most = policy?.MaximumRetryCount ?? 0;
  const wants =
    name === "always" ||
    name === "unless-stopped" ||
    (name === "on-failure" && container.exitCode !== 0 && (most === 0 || container.restartCount < most));
  if (!wants || container.stopAsked === true) return;
  container.status = "restarting";
  state.alarms.after(Math.min(60_000, 100 * 2 ** container.restartCount), () => {
    if (container.status !== "restarting" || !state.containers.has(container.id)) return;
    container.restartCount++;
    startContainer(state, container);
  });
}

/** Ends a running container. Containers without a process (seeds) go the same way. */
function end(state: EngineState, container: SimContainer, signal: number): void {
  const { process } = container;
  if (process) process.signal(signal);
  else if ([1, 2, 3, 6, 9, 15].includes(signal)) onExit(state, container, 128 + signal);
}

/** False when it does not run (304). */
export function stopContainer(state: EngineState, container: SimContainer, signal: number): boolean {
  if (!isUp(container) && container.status !== "restarting") return false;
  container.stopAsked = true;
  if (container.status === "restarting") container.status = "exited";
  if (isUp(container)) {
    state.containerEvent(container, "kill", { signal: String(signal) });
    end(state, container, signal);
    if (isUp(container)) end(state, container, 9);
  }
  state.containerEvent(container, "stop");
  return true;
}

export function killContainer(
  state: EngineState,
  container: SimContainer,
  signal: number,
  reference: string,
): void {
  if (!isUp(container)) {
    throw new EngineRefusal(
      409,
      `Cannot kill container: ${reference}: Container ${container.id} is not running`,
    );
  }
  container.stopAsked = signal === 9 || signal === 15;
  state.containerEvent(container, "kill", { signal: String(signal) });
  end(state, container, signal);
}

export function assertRunning(container: SimContainer): void {
  if (!isUp(container)) throw new EngineRefusal(409, `Container ${container.id} is not running`);
}

export function pauseContainer(state: EngineState, container: SimContainer): void {
  assertRunning(container);
  if (container.status === "paused")
    throw new EngineRefusal(409, `Container ${container.id} is already paused`);
  container.status = "paused";
  state.containerEvent(container, "pause");
}

export function unpauseContainer(state: EngineState, container: SimContainer): void {
  if (container.status !== "paused") throw new EngineRefusal(500, `Container ${container.id} is not paused`);
  container.status = "running";
  state.containerEvent(container, "unpause");
}

export function removeContainer(state: EngineState, container: SimContainer, force: boolean): void {
  if (isUp(container)) {
    if (!force) {
      throw new EngineRefusal(
        409,
        `You cannot remove a ${container.status} container ${container.id}. ` +
          `${container.status === "paused" ? "Unpause and then stop" : "Stop"} the container before attempting removal or force remove`,
      );
    }
    killContainer(state, container, 9, container.id);
  }
  if (state.containers.has(container.id)) destroy(state, container);
}

function destroy(state: EngineState, container: SimContainer): void {
  state.containers.delete(container.id);
  if (state.names.get(container.name) === container.id) state.names.delete(container.name);
  for (const id of container.execIds ?? []) state.execs.delete(id);
  state.containerEvent(container, "destroy");
  for (const watcher of [...(container.watchers ?? [])]) watcher("removed");
}
