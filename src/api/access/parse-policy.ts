import { errorText } from "../../errors.ts";
import { duplicateKey } from "./duplicate-keys.ts";
import { isTroublesome } from "./plain-text.ts";
import { Policy, ROLES, type Grant, type OwnLabel, type Role, type Rule } from "./policy.ts";

const MAX_RULES = 1_000;
const MAX_CHARS = 256;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads a policy. Strict: what is not understood is refused, because a rule that does not do what its author meant is a hole.
 * @throws Error that begins with the place inside the text, `rules[2].role: …`, and ends with the remedy
 */
export function parsePolicy(text: string): Policy {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`no JSON: ${errorText(error)}`, { cause: error });
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) throw new Error(`${JSON.stringify(twice)} stands twice in one object: keep one`);
  const policy = objectAt(value, "the policy", ["rules", "default"]);
  const given = policy.rules;
  if (!Array.isArray(given) || given.length === 0)
    throw new Error(
      'rules: there are none, so nobody could do anything: write [{"cn": "…", "role": "admin"}]',
    );
  if (given.length > MAX_RULES)
    throw new Error(`rules: more than ${MAX_RULES}: use patterns or organisational units`);
  const rules = given.map((rule: unknown, n) => parseRule(rule, `rules[${n}]`));
  refuseRepeats(rules);
  return new Policy(rules, defaultGrant(policy.default));
}

function parseRule(value: unknown, at: string): Rule {
  const rule = objectAt(value, at, ["cn", "ou", "role", "label"]);
  const cn = patternAt(rule.cn, `${at}.cn`);
  const ou = patternAt(rule.ou, `${at}.ou`);
  if (cn === undefined && ou === undefined) throw new Error(`${at}: it says for nobody: give cn, ou or both`);
  const role = roleAt(rule.role, `${at}.role`);
  if (role === "own") return { cn, ou, grant: { role, label: labelAt(rule.label, `${at}.label`) } };
  if (role === "manager" && ![cn, ou].some((pattern) => pattern !== undefined && /[^*]/.test(pattern)))
    throw new Error(`${at}: everybody could speak for everybody: name the managers`);
  if (rule.label !== undefined) throw new Error(`${at}.label: only the role own has one: leave it out`);
  return { cn, ou, grant: { role } };
}

function refuseRepeats(rules: readonly Rule[]): void {
  const known = new Map<string, number>();
  for (const [n, { cn, ou }] of rules.entries()) {
    const key = JSON.stringify([cn, ou]);
    const first = known.get(key);
    if (first !== undefined)
      throw new Error(`rules[${n}]: the same clients as rules[${first}], which counts: remove one`);
    known.set(key, n);
  }
}

function defaultGrant(value: unknown): Grant {
  const role = value === undefined ? "none" : roleAt(value, "default");
  if (role === "own") throw new Error('default: own needs a label: give it by a last rule {"cn": "*", …}');
  if (role === "manager")
    throw new Error("default: not manager: everybody could speak for everybody; name the managers in a rule");
  if (role === "admin")
    throw new Error('default: not admin: if that is meant, say {"cn": "*"} in a last rule');
  return { role };
}

function roleAt(value: unknown, at: string): Role {
  const role = ROLES.find((known) => known === value);
  if (role === undefined)
    throw new Error(`${at}: ${shown(value)} is no role: use one of ${ROLES.join(", ")}`);
  return role;
}

function patternAt(value: unknown, at: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value === "" || value.length > MAX_CHARS || isTroublesome(value))
    throw new Error(`${at}: ${shown(value)} is no name: write a text, in which * stands for anything`);
  return value;
}

/** What events say of a container stands beside its labels there: a label of that name could not be told from it. */
const EVENT_ATTRIBUTES =
  /^(name|oldName|image|imageID|container|type|driver|comment|signal|exitCode|exec[A-Z]\w*|destination|propagation|read\/write|node\..*)$/;

function labelAt(value: unknown, at: string): OwnLabel {
  const [, key = "", text = ""] =
    /^([A-Za-z0-9][\w./-]*)=([^=,\s].*)$/.exec(typeof value === "string" ? value : "") ?? [];
  if (key === "" || String(value).length > MAX_CHARS || isTroublesome(text))
    throw new Error(`${at}: ${shown(value)} is no label: write it as key=value, owner=ci`);
  if (key.startsWith("com.docker.") || EVENT_ATTRIBUTES.test(key))
    throw new Error(`${at}: ${key} means something else to Docker: use another key, such as owner`);
  return { key, value: text };
}

function objectAt(value: unknown, at: string, known: readonly string[]): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error(`${at}: ${shown(value)} is no object: write {…}`);
  const odd = Object.keys(value).find((key) => !known.includes(key));
  if (odd !== undefined) throw new Error(`${at}: unknown key ${shown(odd)}: use ${known.join(", ")}`);
  return value as Json;
}

const shown = (value: unknown): string =>
  value === undefined ? "nothing" : JSON.stringify(value).slice(0, 80);
