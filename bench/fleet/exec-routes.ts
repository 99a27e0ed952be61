import { AttachedClient, pumpStdin, streamType } from "./attach.ts";
import { EngineRefusal, type Exchange } from "./exchange.ts";
import { readContainerFile } from "./files.ts";
import { randomId } from "./ids.ts";
import { assertRunning, environment } from "./lifecycle.ts";
import { Process, StdinQueue } from "./process.ts";
import { findProgram, type Program } from "./programs.ts";
import type { Route } from "./router.ts";
import type { EngineState } from "./state.ts";
import type { SimExec } from "./types.ts";
import { stringList } from "./create.ts";

async function create(exchange: Exchange): Promise<void> {
  const { state } = exchange;
  const container = state.container(exchange.param("id"));
  const body = await exchange.jsonBody();
  const argv = stringList(body.Cmd);
  if (argv.length === 0) throw new EngineRefusal(400, "No exec command specified");
  assertRunning(container);
  if (container.status === "paused") {
    throw new EngineRefusal(
      409,
      `Container ${exchange.param("id")} is paused, unpause the container before exec`,
    );
  }
  const exec: SimExec = {
    ...{
      id: randomId(),
      container,
      argv,
      tty: body.Tty === true,
      attachStdin: body.AttachStdin === true,
    },
    ...{ attachStdout: body.AttachStdout === true, attachStderr: body.AttachStderr === true },
    ...{ env: stringList(body.Env), started: false, running: false, exitCode: null, pid: 0 },
  };
  state.execs.set(exec.id, exec);
  (container.execIds ??= []).push(exec.id);
  execEvent(state, exec, "exec_create");
  exchange.json(201, { Id: exec.id });
}

function execEvent(state: EngineState, exec: SimExec, action: string): void {
  const [command = "", ...args] = exec.argv;
  state.containerEvent(exec.container, `${action}: ${command} ${args.join(" ")}`, { execID: exec.id });
}

function execOf(exchange: Exchange): SimExec {
  const exec = exchange.state.execs.get(exchange.param("id"));
  if (!exec) throw new EngineRefusal(404, `No such exec instance: ${exchange.param("id")}`);
  return exec;
}

async function start(exchange: Exchange): Promise<void> {
  const { state } = exchange;
  const exec = execOf(exchange);
  const body = await exchange.jsonBody(true);
  assertRunning(exec.container);
  if (exec.started) throw new EngineRefusal(409, `Error: Exec command ${exec.id} has already run`);
  const program = findProgram(exec.argv);
  exec.started = true;
  const detached = body.Detach === true;
  if (!program) exec.exitCode = 126;
  if (detached) {
    if (program) run(state, exec, program, undefined, new StdinQueue());
    exchange.empty(200);
    return;
  }
  const connection = exchange.hijack(streamType(exec.tty, exchange.apiMinor));
  const client = new AttachedClient(connection, {
    tty: exec.tty,
    stdout: exec.attachStdout,
    stderr: exec.attachStderr,
  });
  const stdin = new StdinQueue();
  if (exec.attachStdin && "resume" in connection) pumpStdin(connection, stdin, () => stdin.end());
  else if ("resume" in connection) connection.resume();
  if (program) {
    run(state, exec, program, client, stdin);
    return;
  }
  void client.write(
    1,
    Buffer.from(
      `OCI runtime exec failed: exec failed: unable to start container process: exec: "${exec.argv[0] ?? ""}": executable file not found in $PATH: unknown\r\n`,
    ),
  );
  client.end();
}

function run(
  state: EngineState,
  exec: SimExec,
  program: Program,
  client: AttachedClient | undefined,
  stdin: StdinQueue,
): void {
  const { container } = exec;
  if (!exec.attachStdin) stdin.end();
  exec.running = true;
  exec.pid = state.newPid();
  execEvent(state, exec, "exec_start");
  const process = new Process(program, exec.argv, {
    world: {
      env: () => environment(container, exec.env),
      hostname: container.id.slice(0, 12),
      tty: exec.tty,
      readFile: (path) => readContainerFile(container, path),
      now: () => new Date(state.clock.now()),
    },
    stdin,
    output: (stream, data) => client?.write(stream, data),
    exited: (code) => ended(code),
    after: (ms, wake) => state.alarms.after(ms, wake),
  });
  // A container that dies takes its execs along.
  const onContainer = (): void => {
    process.discard();
    ended(137);
  };
  const ended = (code: number): void => {
    container.watchers?.delete(onContainer);
    exec.running = false;
    exec.exitCode = code;
    state.containerEvent(container, "exec_die", { execID: exec.id, exitCode: String(code) });
    client?.end();
  };
  (container.watchers ??= new Set()).add(onContainer);
}

function inspect(exchange: Exchange): void {
  const exec = execOf(exchange);
  const [entrypoint = "", ...args] = exec.argv;
  exchange.json(200, {
    ...{ ID: exec.id, Running: exec.running, ExitCode: exec.exitCode },
    ProcessConfig: { tty: exec.tty, entrypoint, arguments: args, privileged: false },
    ...{ OpenStdin: exec.attachStdin, OpenStderr: exec.attachStderr, OpenStdout: exec.attachStdout },
    ...{ CanRemove: false, ContainerID: exec.container.id, DetachKeys: "", Pid: exec.pid },
  });
}

function resize(exchange: Exchange): void {
  execOf(exchange);
  exchange.empty(200);
}

// prettier-ignore
export const execRoutes: readonly Route[] = [
  { method: "post", path: "/containers/:id/exec", handle: create },
  { method: "post", path: "/exec/:id/start",      handle: start },
  { method: "post", path: "/exec/:id/resize",     handle: resize },
  { method: "get",  path: "/exec/:id/json",       handle: inspect },
];
