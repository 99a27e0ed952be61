import { expect } from "chai";
import { flagsFirst, parseFlags, UsageError, type FlagTable } from "../../src/cli/flag-parser.ts";

const table = {
  host: { kind: "list", value: ["d:1"], aliases: ["H"], env: "HOSTS", help: "" },
  advertise: { kind: "string", value: "", aliases: ["addr"], env: "ADVERTISE", help: "" },
  retry: { kind: "int", value: 3, help: "" },
  tls: { kind: "bool", value: false, env: "TLS", help: "" },
} as const satisfies FlagTable;

const parse = (words: string, env: NodeJS.ProcessEnv = {}) =>
  parseFlags(table, words.split(" ").filter(Boolean), env);

describe("cli/flag-parser", () => {
  describe("values", () => {
    // prettier-ignore
    const cases = [
      { it: "starts from the defaults",               words: "",                       is: { host: ["d:1"], advertise: "", retry: 3, tls: false } },
      { it: "takes one dash for two",                 words: "-advertise a -tls",      is: { advertise: "a", tls: true } },
      { it: "takes two dashes for one",               words: "--addr a --H x",         is: { advertise: "a", host: ["x"] } },
      { it: "takes a glued value",                    words: "--advertise=a=b -H=",    is: { advertise: "a=b", host: [""] } },
      { it: "takes any next word as the value",       words: "--advertise --tls",      is: { advertise: "--tls", tls: false } },
      { it: "replaces a list's default by all given",  words: "-H a -H b",              is: { host: ["a", "b"] } },
      { it: "lets the last of a single value win",    words: "--addr a --addr b",      is: { advertise: "b" } },
      { it: "never takes a word as a boolean's value", words: "--tls false",           is: { tls: true } },
      { it: "reads a boolean's glued value",          words: "--tls=F",                is: { tls: false } },
      { it: "reads a number",                         words: "--retry -0x10",          is: { retry: -16 } },
    ];
    for (const c of cases) {
      it(c.it, () => {
        expect(parse(c.words).values).to.deep.include(c.is);
      });
    }
  });

  describe("environment", () => {
    // prettier-ignore
    const cases = [
      { it: "replaces a default",                     words: "",        env: { ADVERTISE: "e" },     flag: "advertise", is: "e" },
      { it: "is replaced by the flag",                words: "-addr f", env: { ADVERTISE: "e" },     flag: "advertise", is: "f" },
      { it: "counts for nothing when empty",          words: "",        env: { HOSTS: "" },          flag: "host",      is: ["d:1"] },
      { it: "is split into a list, blanks trimmed",   words: "",        env: { HOSTS: "a, b" },      flag: "host",      is: ["a", "b"] },
      { it: "is replaced as a whole by a list flag",  words: "-H c",    env: { HOSTS: "a,b" },       flag: "host",      is: ["c"] },
      { it: "sets a boolean",                         words: "",        env: { TLS: "T" },           flag: "tls",       is: true },
      { it: "is ignored when it is no boolean",       words: "",        env: { TLS: "yes" },         flag: "tls",       is: false },
    ] as const;
    for (const c of cases) {
      it(c.it, () => {
        expect(parse(c.words, c.env).values[c.flag]).to.deep.equal(c.is);
      });
    }
  });

  describe("the end of the flags", () => {
    // prettier-ignore
    const cases = [
      { it: "is the first other word",       words: "--tls a --retry 4", positional: "a --retry 4" },
      { it: "is two dashes, which vanish",   words: "--tls -- --retry",  positional: "--retry" },
      { it: "is a single dash, which stays", words: "--tls - x",         positional: "- x" },
    ];
    for (const c of cases) {
      it(c.it, () => {
        expect(parse(c.words).positional.join(" ")).to.equal(c.positional);
      });
    }
  });

  describe("errors", () => {
    // prettier-ignore
    const cases = [
      { words: "--nosuch",            error: "flag provided but not defined: -nosuch" },
      { words: "--nosuch=1",          error: "flag provided but not defined: -nosuch" },
      { words: "-toString",           error: "flag provided but not defined: -toString" },
      { words: "-Hf x",               error: "flag provided but not defined: -Hf" },
      { words: "--host",              error: "flag needs an argument: -host" },
      { words: "-H",                  error: "flag needs an argument: -H" },
      { words: "--retry foo",         error: 'invalid value "foo" for flag -retry: parse error' },
      { words: "--tls=maybe",         error: 'invalid boolean value "maybe" for -tls: parse error' },
      { words: "---tls",              error: "bad flag syntax: ---tls" },
      { words: "-=x",                 error: "bad flag syntax: -=x" },
      { words: "--advertise a --addr b", error: "Cannot use two forms of the same flag: addr advertise" },
      { words: "--addr a --advertise b", error: "Cannot use two forms of the same flag: addr advertise" },
    ];
    for (const c of cases) {
      it(`answers ${c.words} with: ${c.error}`, () => {
        expect(() => parse(c.words))
          .to.throw(UsageError)
          .with.property("message", c.error);
      });
    }
  });

  describe("flagsFirst", () => {
    // prettier-ignore
    const cases = [
      { it: "moves leading words behind the flags",        words: "x --timeout 3s",       is: "--timeout 3s x" },
      { it: "leaves words behind the first flag in place", words: "--timeout 3s x --o y", is: "--timeout 3s x --o y" },
      { it: "keeps words without flags",                   words: "x y",                  is: "x y" },
      { it: "takes a single dash for a word",              words: "- --tls",              is: "--tls -" },
      { it: "moves nothing across two dashes",             words: "x --tls -- -y",        is: "--tls x -- -y" },
      { it: "sees no flags behind two dashes",             words: "x -- --tls",           is: "x -- --tls" },
    ];
    for (const c of cases) {
      it(c.it, () => {
        expect(flagsFirst(c.words.split(" ")).join(" ")).to.equal(c.is);
      });
    }
  });
});
