import type { StdinQueue } from "./process.ts";
import { runScript } from "./shell.ts";

/** What a program sees of its container. */
export interface ProgramWorld {
  env(): Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly tty: boolean;
  /** False once killed: loops end. */
  readonly alive: boolean;
  readFile(path: string): Buffer | undefined;
  sleep(ms: number): Promise<void>;
  now(): Date;
}

export interface ProgramIo {
  readonly stdin: StdinQueue;
  write(stream: 1 | 2, data: string | Buffer): Promise<void>;
}

/** A command of the interpreter: resolves with its exit code. */
export type Program = (argv: readonly string[], io: ProgramIo, world: ProgramWorld) => Promise<number>;

const UNIT_MS: Readonly<Record<string, number>> = {
  "": 1000,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `5`, `0.2`, `1m`, `infinity` in milliseconds; undefined: not a duration. */
function sleepMs(text: string): number | undefined {
  if (/^inf(inity)?$/.test(text)) return Infinity;
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text);
  return match ? Number(match[1]) * (UNIT_MS[match[2] ?? ""] ?? 1000) : undefined;
}

/** Runs until it is killed. */
export const forever: Program = async (_argv, _io, world) => {
  await world.sleep(Infinity);
  return 0;
};

const sleep: Program = async ([, ...times], io, world) => {
  const waits = times.map(sleepMs);
  if (waits.length === 0 || waits.includes(undefined)) {
    await io.write(2, `sleep: invalid number '${times.join(" ")}'\n`);
    return 1;
  }
  await world.sleep(waits.reduce<number>((sum, ms) => sum + (ms ?? 0), 0));
  return 0;
};

const echo: Program = async ([, ...words], io) => {
  const flags = /^-[ne]+$/.test(words[0] ?? "") ? (words.shift() ?? "") : "";
  const text = flags.includes("e")
    ? words.join(" ").replaceAll("\\n", "\n").replaceAll("\\t", "\t")
    : words.join(" ");
  await io.write(1, flags.includes("n") ? text : `${text}\n`);
  return 0;
};

const cat: Program = async ([, ...paths], io, world) => {
  for (const path of paths) {
    const file = path === "-" ? undefined : world.readFile(path);
    if (!file) {
      await io.write(2, `cat: can't open '${path}': No such file or directory\n`);
      return 1;
    }
    await io.write(1, file);
  }
  if (paths.length > 0) return 0;
  for (let chunk = await io.stdin.read(); chunk; chunk = await io.stdin.read()) await io.write(1, chunk);
  return 0;
};

const wc: Program = async (_argv, io) => {
  let bytes = 0;
  for (let chunk = await io.stdin.read(); chunk; chunk = await io.stdin.read()) bytes += chunk.length;
  await io.write(1, `${bytes}\n`);
  return 0;
};

const env: Program = async (_argv, io, world) => {
  await io.write(
    1,
    Object.entries(world.env()).reduce((text, [key, value]) => `${text}${key}=${value}\n`, ""),
  );
  return 0;
};

const seq: Program = async ([, ...args], io) => {
  const [first, last] = args.length > 1 ? [Number(args[0]), Number(args[1])] : [1, Number(args[0])];
  for (let n = first; n <= last; n++) await io.write(1, `${n}\n`);
  return 0;
};

/** `sh -c script`, or line by line from stdin, with a prompt on a terminal. */
const sh: Program = async ([, ...args], io, world) => {
  const dashC = args.indexOf("-c");
  if (dashC >= 0) return (await runScript(args[dashC + 1] ?? "", io, world)).code;
  let rest = "";
  let code = 0;
  const prompt = (): Promise<void> => (world.tty ? io.write(1, "/ # ") : Promise.resolve());
  await prompt();
  for (let chunk = await io.stdin.read(); chunk; chunk = await io.stdin.read()) {
    if (world.tty) await io.write(1, chunk.toString().replaceAll("\r", "\r\n"));
    const lines = (rest + chunk.toString()).split(/\r?\n|\r/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const result = await runScript(line, io, world);
      code = result.code;
      if (result.exited) return code;
      await prompt();
    }
  }
  return rest === "" ? code : (await runScript(rest, io, world)).code;
};

const PROGRAMS: Readonly<Record<string, Program>> = {
  sleep,
  echo,
  cat,
  wc,
  env,
  printenv: env,
  seq,
  sh,
  ash: sh,
  bash: sh,
  true: () => Promise.resolve(0),
  false: () => Promise.resolve(1),
  hostname: async (_argv, io, world) => {
    await io.write(1, `${world.hostname}\n`);
    return 0;
  },
  date: async (_argv, io, world) => {
    await io.write(1, `${world.now().toUTCString()}\n`);
    return 0;
  },
  tail: forever,
  top: forever,
  nginx: forever,
  httpd: forever,
  "httpd-foreground": forever,
  "redis-server": forever,
};

/** The program `argv` names; undefined when there is no such executable. */
export function findProgram(argv: readonly string[]): Program | undefined {
  const name = argv[0]?.replace(/^.*\//, "") ?? "";
  return Object.hasOwn(PROGRAMS, name) ? PROGRAMS[name] : undefined;
}
