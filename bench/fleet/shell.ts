import { findProgram, type ProgramIo, type ProgramWorld } from "./programs.ts";

/** How a script ended; `exited` when it said `exit`. */
export interface ScriptResult {
  readonly code: number;
  readonly exited: boolean;
}

const TOKEN =
  /[^\S\n]*(?:(&&|\|\||[;\n])|(1?>&2)|((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s;&|>"'\\]|>(?!&2))+)|(.))/gy;

type Token =
  { readonly kind: "op" | "stderr"; readonly text: string } | { readonly kind: "word"; readonly raw: string };

function tokenize(script: string): Token[] {
  return [...script.replace(/\s+$/, "").matchAll(TOKEN)].flatMap(([, op, redirect, word]): Token[] => {
    if (op !== undefined) return [{ kind: "op", text: op === "\n" ? ";" : op }];
    if (redirect !== undefined) return [{ kind: "stderr", text: redirect }];
    return word === undefined ? [] : [{ kind: "word", raw: word }];
  });
}

/** Quotes removed, `$NAME`, `${NAME}` and `$?` replaced outside single quotes. */
function expand(raw: string, world: ProgramWorld, lastCode: number): string {
  return raw.replace(
    /'([^']*)'|"|\\(.)|\$\?|\$\{?(\w+)\}?/g,
    (all, single: string | undefined, escaped: string | undefined, name: string | undefined) => {
      if (single !== undefined) return single;
      if (escaped !== undefined) return escaped;
      if (all === "$?") return String(lastCode);
      return name === undefined ? "" : (world.env()[name] ?? "");
    },
  );
}

/**
 * Runs the part of shell that tests and the demo use: `;`, `&&`, `||`, quotes, variables, `>&2`, `exit`, and
 * `while true; do …; done`. No pipes, no substitution.
 */
export async function runScript(script: string, io: ProgramIo, world: ProgramWorld): Promise<ScriptResult> {
  const loop = /^\s*while\s+(?:true|:)\s*;\s*do\s+([\s\S]*?);?\s*done\s*;?\s*$/.exec(script);
  if (loop?.[1] !== undefined) {
    while (world.alive) {
      const round = await runScript(loop[1], io, world);
      if (round.exited) return round;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { code: 0, exited: true };
  }
  let code = 0;
  let command: { words: string[]; toStderr: boolean } = { words: [], toStderr: false };
  let runNext = true;
  const end: Token = { kind: "op", text: ";" };
  for (const token of [...tokenize(script), end]) {
    if (token.kind === "word") {
      command.words.push(expand(token.raw, world, code));
    } else if (token.kind === "stderr") {
      command.toStderr = true;
    } else {
      if (runNext && command.words.length > 0) {
        const { words } = command;
        if (words[0] === "exec") words.shift();
        if (words[0] === "exit")
          return { code: words[1] === undefined ? code : Number(words[1]) & 255, exited: true };
        code = await runCommand(words, command.toStderr ? toStderr(io) : io, world);
        if (!world.alive) return { code, exited: true };
      }
      if (token.text === ";") runNext = true;
      else runNext = token.text === "&&" ? code === 0 : code !== 0;
      command = { words: [], toStderr: false };
    }
  }
  return { code, exited: false };
}

const toStderr = (io: ProgramIo): ProgramIo => ({
  stdin: io.stdin,
  write: (_stream, data) => io.write(2, data),
});

async function runCommand(words: readonly string[], io: ProgramIo, world: ProgramWorld): Promise<number> {
  const program = words[0] === ":" ? () => Promise.resolve(0) : findProgram(words);
  if (program) return program(words, io, world);
  await io.write(2, `sh: ${words[0] ?? ""}: not found\n`);
  return 127;
}
