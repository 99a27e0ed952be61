import { spawn } from "node:child_process";

/** What a finished command left behind. `code` is `null` when a signal ended it. */
export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a command. Standard input is `/dev/null` unless `input` is given. */
export interface CommandOptions {
  readonly input?: string | Buffer;
  /** The whole environment of the command; {@link toolEnvironment} by default. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** After this long the command gets SIGKILL. */
  readonly timeoutMs?: number;
}

/** A command that had to succeed and did not; the message holds its command line and what it said. */
export class CommandError extends Error {
  constructor(line: string, result: CommandResult) {
    const end = result.signal ?? `exit code ${String(result.code)}`;
    super(`${line}: ${end}\n${(result.stderr + result.stdout).trim()}`);
    this.name = "CommandError";
  }
}

/** Our environment, with the folders of the system tools in PATH and without proxies: all lab traffic is local. */
export function toolEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!/^(https?|all|no|ftp)_proxy$/i.test(name)) env[name] = value;
  }
  env.PATH = toolPath();
  return { ...env, LC_ALL: "C.UTF-8", ...extra };
}

/** PATH as the lab uses it: `sbin` folders are missing from it in many shells. */
export function toolPath(): string {
  const wanted = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  const given = (process.env.PATH ?? "").split(":").filter((folder) => folder !== "");
  return [...given, ...wanted.filter((folder) => !given.includes(folder))].join(":");
}

/** Runs a command to its end. Resolves whatever its exit code; rejects only if it cannot be started. */
export async function run(
  file: string,
  args: readonly string[],
  { input, env = toolEnvironment(), cwd, timeoutMs }: CommandOptions = {},
): Promise<CommandResult> {
  return await new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env,
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      ...(cwd === undefined ? {} : { cwd }),
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs, killSignal: "SIGKILL" as const }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString("utf8");
      resolve({ code, signal, stdout: text(stdout), stderr: text(stderr) });
    });
    child.stdin?.on("error", () => undefined); // the command may end before it has read everything
    child.stdin?.end(input);
  });
}

/**
 * Runs a command that has to succeed and gives its standard output.
 * @throws {CommandError} on any exit code but 0.
 */
export async function must(file: string, args: readonly string[], options?: CommandOptions): Promise<string> {
  const result = await run(file, args, options);
  if (result.code !== 0) throw new CommandError([file, ...args].join(" "), result);
  return result.stdout;
}
