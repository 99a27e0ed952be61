import { expect } from "chai";
import { parsePolicy } from "../../../src/api/access/parse-policy.ts";
import type { Client } from "../../../src/api/access/client.ts";

const rule = { cn: "a", role: "admin" };
const policy = (rules: unknown, more: object = {}): string => JSON.stringify({ rules, ...more });
const client = (cn: string | undefined, ...units: string[]): Client => ({ cn, units });

describe("api/access/parse-policy", () => {
  // prettier-ignore
  const refusals = [
    { it: "what is no JSON",              text: "{",                                                       says: /^no JSON: / },
    { it: "an empty file",                text: "",                                                        says: /^no JSON: / },
    { it: "a list",                       text: "[]",                                                      says: /^the policy: \[\] is no object/ },
    { it: "no rules",                     text: "{}",                                                      says: /^rules: there are none/ },
    { it: "an empty list of rules",       text: policy([]),                                                says: /^rules: there are none/ },
    { it: "too many rules",               text: policy(Array.from({ length: 1_001 }, (_, n) => ({ cn: `c${n}`, role: "admin" }))), says: /^rules: more than 1000/ },
    { it: "an unknown key",               text: policy([rule], { roles: [] }),                             says: /^the policy: unknown key "roles": use rules, default/ },
    { it: "an unknown key in a rule",     text: policy([rule, { ...rule, cm: "x" }]),                      says: /^rules\[1\]: unknown key "cm": use cn, ou, role, label/ },
    { it: "a key twice",                  text: '{"rules":[{"cn":"a","role":"admin","role":"none"}]}',     says: /^"role" stands twice/ },
    { it: "a key twice, once escaped",    text: '{"rules":[{"cn":"a","role":"none","r\\u006fle":"admin"}]}', says: /^"role" stands twice/ },
    { it: "a rule that is no object",     text: policy(["alice"]),                                         says: /^rules\[0\]: "alice" is no object/ },
    { it: "a rule for nobody",            text: policy([{ role: "admin" }]),                               says: /^rules\[0\]: it says for nobody: give cn, ou or both/ },
    { it: "no role",                      text: policy([{ cn: "a" }]),                                     says: /^rules\[0\]\.role: nothing is no role: use one of none, read-only, operator, own, manager, admin/ },
    { it: "an unknown role",              text: policy([{ cn: "a", role: "Admin" }]),                      says: /^rules\[0\]\.role: "Admin" is no role/ },
    { it: "an empty pattern",             text: policy([{ cn: "", role: "admin" }]),                       says: /^rules\[0\]\.cn: "" is no name/ },
    { it: "a pattern that is no text",    text: policy([{ ou: ["a"], role: "admin" }]),                    says: /^rules\[0\]\.ou: \["a"\] is no name/ },
    { it: "a pattern of two lines",       text: policy([{ cn: "a\nb", role: "admin" }]),                   says: /^rules\[0\]\.cn: "a\\nb" is no name/ },
    { it: "an endless pattern",           text: policy([{ cn: "a".repeat(257), role: "admin" }]),          says: /^rules\[0\]\.cn: / },
    { it: "the same clients twice",       text: policy([rule, { cn: "b", role: "none" }, { cn: "a", role: "none" }]), says: /^rules\[2\]: the same clients as rules\[0\]/ },
    { it: "own without a label",          text: policy([{ cn: "a", role: "own" }]),                        says: /^rules\[0\]\.label: nothing is no label: write it as key=value/ },
    { it: "a label without a value",      text: policy([{ cn: "a", role: "own", label: "owner" }]),        says: /^rules\[0\]\.label: "owner" is no label/ },
    { it: "a label with an empty value",  text: policy([{ cn: "a", role: "own", label: "owner=" }]),       says: /^rules\[0\]\.label: "owner=" is no label/ },
    { it: "a label of Docker's",          text: policy([{ cn: "a", role: "own", label: "com.docker.swarm.id=1" }]), says: /^rules\[0\]\.label: com.docker.swarm.id means something else/ },
    { it: "a label like an event's text", text: policy([{ cn: "a", role: "own", label: "name=web" }]),     says: /^rules\[0\]\.label: name means something else/ },
    { it: "a label like a node's name",   text: policy([{ cn: "a", role: "own", label: "node.name=n" }]),  says: /^rules\[0\]\.label: node.name means something else/ },
    { it: "a label for another role",     text: policy([{ ...rule, label: "owner=a" }]),                   says: /^rules\[0\]\.label: only the role own has one/ },
    { it: "an unknown default",           text: policy([rule], { default: "all" }),                        says: /^default: "all" is no role/ },
    { it: "admin as the default",         text: policy([rule], { default: "admin" }),                      says: /^default: not admin: if that is meant, say/ },
    { it: "manager as the default",       text: policy([rule], { default: "manager" }),                    says: /^default: not manager: everybody could speak for everybody/ },
    { it: "managers of any name",         text: policy([rule, { cn: "*", role: "manager" }]),              says: /^rules\[1\]: everybody could speak for everybody: name the managers/ },
    { it: "managers of any unit or name", text: policy([{ cn: "**", ou: "*", role: "manager" }]),          says: /^rules\[0\]: everybody could speak for everybody/ },
    { it: "a manager with a label",       text: policy([{ cn: "m", role: "manager", label: "owner=a" }]),  says: /^rules\[0\]\.label: only the role own has one/ },
    { it: "own as the default",           text: policy([rule], { default: "own" }),                        says: /^default: own needs a label/ },
  ];
  for (const { it: what, text, says } of refusals) {
    it(`refuses ${what}, naming the place and the remedy`, () => {
      expect(() => parsePolicy(text)).to.throw(Error, says);
    });
  }

  const roles = parsePolicy(
    policy(
      [
        { cn: "alice", role: "admin" },
        { cn: "bob", ou: "ops", role: "operator" },
        { ou: "team *", role: "read-only" },
        { cn: "ci-*", role: "own", label: "owner=ci=1" },
        { cn: "eve", role: "none" },
        { cn: "e*", role: "admin" },
      ],
      { default: "read-only" },
    ),
  );
  // prettier-ignore
  const cases = [
    { it: "a common name",                     who: client("alice"),                  role: "admin" },
    { it: "another spelling",                  who: client("Alice"),                  role: "read-only" },
    { it: "both name and unit",                who: client("bob", "dev", "ops"),      role: "operator" },
    { it: "a name without its unit",           who: client("bob", "dev"),             role: "read-only" },
    { it: "a unit without the name",           who: client("carol", "ops"),           role: "read-only" },
    { it: "any of several units",              who: client("x", "a", "team 7"),       role: "read-only" },
    { it: "a unit and no name",                who: client(undefined, "team 7"),      role: "read-only" },
    { it: "a pattern",                         who: client("ci-7"),                   role: "own" },
    { it: "the first rule that fits",          who: client("eve"),                    role: "none" },
    { it: "a later rule",                      who: client("erin"),                   role: "admin" },
    { it: "a client without a certificate",    who: undefined,                        role: "none" },
  ];
  for (const { it: what, who, role } of cases) {
    it(`gives ${what} the role ${role}`, () => {
      expect(roles.grantFor(who).role).to.equal(role);
    });
  }

  it("splits a label at its first equals sign", () => {
    expect(roles.grantFor(client("ci-1"))).to.deep.equal({
      role: "own",
      label: { key: "owner", value: "ci=1" },
    });
  });

  it("gives nobody anything unless a default is said", () => {
    expect(parsePolicy(policy([rule])).grantFor(client("b"))).to.deep.equal({ role: "none" });
  });
});
