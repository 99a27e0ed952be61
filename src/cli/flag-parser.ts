import { parseGoBool, parseGoInt, quote } from "./go-values.ts";

/** One flag: how it is written, what it holds, and its line in the help. */
export type FlagSpec = {
  /** Other spellings, e.g. `["H"]`. */
  readonly aliases?: readonly string[];
  /** Environment variable that replaces the default; a list is split at commas. */
  readonly env?: string;
  readonly help: string;
} & (
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "int"; readonly value: number }
  /** Repeatable; given values replace `value` as a whole. */
  | { readonly kind: "list"; readonly value: readonly string[] }
);

/** All flags of one command: name → flag, in the order of the help. */
export type FlagTable = Readonly<Record<string, FlagSpec>>;

interface ValueOfKind {
  bool: boolean;
  string: string;
  int: number;
  list: readonly string[];
}

/** Each flag's value, by its first name. */
export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: ValueOfKind[Table[Name]["kind"]];
};

export interface ParsedFlags<Table extends FlagTable> {
  readonly values: FlagValues<Table>;
  /** First names of the flags found on the command line. */
  readonly given: ReadonlySet<string>;
  readonly positional: readonly string[];
}

/** A command line that cannot be understood; `twoForms` is reported differently (spec: cli.md §1.2). */
export class UsageError extends Error {
  readonly twoForms: boolean;
  constructor(message: string, twoForms = false) {
    super(message);
    this.name = "UsageError";
    this.twoForms = twoForms;
  }
}

/**
 * Words before the first flag go behind the flags, so that `list etcd://x --timeout 3s` works; what follows `--` stays behind
 * them. (The first word after a flag still ends the flags.)
 */
export function flagsFirst(words: readonly string[]): readonly string[] {
  const terminator = words.indexOf("--");
  const end = terminator < 0 ? words.length : terminator;
  const first = words.slice(0, end).findIndex((word) => word.startsWith("-") && word !== "-");
  if (first < 0) return words;
  return [...words.slice(first, end), ...words.slice(0, first), ...words.slice(end)];
}

/**
 * Go's flag syntax: `-flag` equals `--flag`, values follow or are glued with `=`, booleans take a value only with `=`, nothing is
 * bundled, the first other word ends the flags.
 * @throws UsageError with the contract's texts
 */
export function parseFlags<Table extends FlagTable>(
  table: Table,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
): ParsedFlags<Table> {
  const values = new Map<string, boolean | string | number | readonly string[]>();
  for (const [name, spec] of Object.entries(table)) values.set(name, initialValue(spec, env));
  const spelling = new Map<string, string>();
  for (const [name, { aliases = [] }] of Object.entries(table)) {
    for (const spelled of [name, ...aliases]) spelling.set(spelled, name);
  }

  const used = new Set<string>();
  const given = new Set<string>();
  const rest = [...words];
  for (let word = rest[0]; word !== undefined && /^-./s.test(word); word = rest[0]) {
    rest.shift();
    if (word === "--") break;
    const [, spelled = "", , glued] = /^--?([^=-][^=]*)(=(.*))?$/s.exec(word) ?? [];
    if (spelled === "") throw new UsageError(`bad flag syntax: ${word}`);
    const name = spelling.get(spelled);
    const spec = name === undefined ? undefined : table[name];
    if (name === undefined || !spec) throw new UsageError(`flag provided but not defined: -${spelled}`);

    const text = glued ?? (spec.kind === "bool" ? "true" : rest.shift());
    if (text === undefined) throw new UsageError(`flag needs an argument: -${spelled}`);
    const value = readValue(spec, spelled, text);
    if (spec.kind === "list") {
      const earlier = given.has(name) ? (values.get(name) as readonly string[]) : [];
      values.set(name, [...earlier, text]);
    } else {
      values.set(name, value);
    }
    used.add(spelled);
    given.add(name);
  }
  for (const [name, { aliases = [] }] of Object.entries(table)) {
    const [first, second] = [name, ...aliases].filter((spelled) => used.has(spelled));
    if (second !== undefined) {
      throw new UsageError(`Cannot use two forms of the same flag: ${second} ${first}`, true);
    }
  }
  return { values: Object.fromEntries(values) as FlagValues<Table>, given, positional: rest };
}

function readValue(spec: FlagSpec, spelled: string, text: string): boolean | string | number {
  switch (spec.kind) {
    case "bool": {
      const value = parseGoBool(text);
      if (value === undefined) {
        throw new UsageError(`invalid boolean value ${quote(text)} for -${spelled}: parse error`);
      }
      return value;
    }
    case "int": {
      const value = parseGoInt(text);
      if (value === undefined) {
        throw new UsageError(`invalid value ${quote(text)} for flag -${spelled}: parse error`);
      }
      return value;
    }
    case "string":
    case "list":
      return text;
  }
}

/** The default, or what the environment says. A variable that is empty or no boolean changes nothing. */
function initialValue(spec: FlagSpec, env: NodeJS.ProcessEnv): FlagSpec["value"] {
  const text = spec.env === undefined ? undefined : env[spec.env];
  if (text === undefined || text === "") return spec.value;
  switch (spec.kind) {
    case "bool":
      return parseGoBool(text) ?? spec.value;
    case "int":
      return parseGoInt(text) ?? spec.value;
    case "string":
      return text;
    case "list":
      return text.split(",").map((part) => part.trim());
  }
}
