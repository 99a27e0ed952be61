import { expect } from "chai";
import { StdinQueue } from "../../bench/fleet/process.ts";
import { findProgram, type ProgramWorld } from "../../bench/fleet/programs.ts";

const world: ProgramWorld = {
  ...{ env: () => ({ NAME: "moon" }), hostname: "abc", tty: false, alive: true },
  readFile: (path) => (path === "/etc/motd" ? Buffer.from("hello\n") : undefined),
  sleep: () => Promise.resolve(),
  now: () => new Date(0),
};

async function run(argv: readonly string[], input = ""): Promise<{ code: number; out: string; err: string }> {
  const stdin = new StdinQueue();
  stdin.push(Buffer.from(input));
  stdin.end();
  const written = { 1: "", 2: "" };
  const write = (stream: 1 | 2, data: string | Buffer): Promise<void> => {
    written[stream] += data.toString();
    return Promise.resolve();
  };
  const code = (await findProgram(argv)?.(argv, { stdin, write }, world)) ?? -1;
  return { code, out: written[1], err: written[2] };
}

describe("fleet/shell", () => {
  // prettier-ignore
  const cases = [
    { argv: ["true"],                                 code: 0,   out: "",            err: "" },
    { argv: ["/bin/false"],                           code: 1,   out: "",            err: "" },
    { argv: ["echo", "-n", "a", "b"],                 code: 0,   out: "a b",         err: "" },
    { argv: ["cat", "/etc/motd"],                     code: 0,   out: "hello\n",     err: "" },
    { argv: ["cat", "/nope"],                         code: 1,   out: "",            err: "cat: can't open '/nope': No such file or directory\n" },
    { argv: ["sleep", "1h"],                          code: 0,   out: "",            err: "" },
    { argv: ["sleep", "soon"],                        code: 1,   out: "",            err: "sleep: invalid number 'soon'\n" },
    { argv: ["sh", "-c", "echo out; echo err >&2; exit 3"], code: 3, out: "out\n",   err: "err\n" },
    { argv: ["sh", "-c", "false && echo no || echo yes"],   code: 0, out: "yes\n",   err: "" },
    { argv: ["sh", "-c", "echo \"$NAME;\" '$NAME' $?"],     code: 0, out: "moon; $NAME 0\n", err: "" },
    { argv: ["sh", "-c", "bogus"],                    code: 127, out: "",            err: "sh: bogus: not found\n" },
    { argv: ["sh", "-c", "exec true\nexit 2"],        code: 2,   out: "",            err: "" },
    { argv: ["nope"],                                 code: -1,  out: "",            err: "" },
  ];
  for (const { argv, ...want } of cases) {
    it(`runs ${JSON.stringify(argv)}`, async () => {
      expect(await run(argv)).to.deep.equal(want);
    });
  }

  it("reads commands from its input", async () => {
    expect(await run(["sh"], "echo one\necho two")).to.deep.equal({ code: 0, out: "one\ntwo\n", err: "" });
    expect(await run(["sh"], "exit 4\necho never\n")).to.deep.equal({ code: 4, out: "", err: "" });
  });
});
