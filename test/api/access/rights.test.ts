import { expect } from "chai";
import { decide } from "../../../src/api/access/decide.ts";
import type { Grant } from "../../../src/api/access/policy.ts";
import { RIGHTS } from "../../../src/api/access/rights.ts";
import { apiRoutes } from "../../../src/api/routes.ts";
import type { Services } from "../../../src/api/services.ts";
import { EXPECTED, FOR_ADMINS_ALONE } from "./expected-rights.ts";

// Tables are made without asking their services for anything.
const routes = apiRoutes({} as Services).map(({ method, path }) => `${method.toUpperCase()} ${path}`);

const GRANTS: readonly (readonly [string, Grant])[] = [
  ["n", { role: "none" }],
  ["r", { role: "read-only" }],
  ["o", { role: "operator" }],
  ["w", { role: "own", label: { key: "owner", value: "ci" } }],
];
const decided = (grant: Grant, route: string, query = "") => decide(grant, route, new URLSearchParams(query));

describe("api/access/rights", () => {
  it("has one row for each route, and none for others", () => {
    expect(Object.keys(RIGHTS).sort()).to.deep.equal([...routes].sort());
  });

  it("is what the tests expect, route for route", () => {
    expect(Object.keys(EXPECTED).sort()).to.deep.equal(Object.keys(RIGHTS).sort());
  });

  for (const [route, [roles, own]] of Object.entries(EXPECTED)) {
    it(`${route} is for ${roles}, own things ${own}`, () => {
      // The row of a pull is for those who say what they pull.
      const query = route === "POST /images/create" ? "fromImage=busybox" : "";
      const may = GRANTS.map(([letter, grant]) =>
        decided(grant, route, query).kind === "denied" ? "-" : letter,
      );
      expect(may.join("")).to.equal(roles);
      expect(decided({ role: "admin" }, route, query).kind).to.equal("allowed");
      expect(RIGHTS[route]?.[1]).to.equal(own);
      const narrowed = decided({ role: "own", label: { key: "owner", value: "ci" } }, route, query);
      if (narrowed.kind === "narrowed") expect(narrowed.to).to.equal(own);
    });
  }

  it("keeps for admins what is the hosts'", () => {
    const isHosts = (route: string): boolean =>
      FOR_ADMINS_ALONE.has(route) ||
      (/^(POST|DELETE) \/(plugins|swarm|nodes|services|tasks|secrets|configs)/.test(route) &&
        routes.includes(route));
    const hosts = Object.keys(RIGHTS).filter((route) => RIGHTS[route]?.[0] === "admin");
    expect(hosts.sort()).to.deep.equal(routes.filter(isHosts).sort());
  });

  it("refuses a route without a row to everybody but admins", () => {
    for (const route of ["GET /new", "toString", "__proto__", "constructor"]) {
      for (const [, grant] of GRANTS) expect(decided(grant, route).kind).to.equal("denied");
      expect(decided({ role: "admin" }, route)).to.deep.equal({ kind: "allowed", right: "admin" });
    }
  });

  // prettier-ignore
  const queries = [
    { route: "POST /images/create",           query: "fromImage=busybox",                 roles: "--ow" },
    { route: "POST /images/create",           query: "fromImage=busybox&fromSrc=http://x", roles: "--ow" },
    { route: "POST /images/create",           query: "fromSrc=-",                         roles: "----" },
    { route: "POST /images/create",           query: "fromSrc=-&fromImage=",              roles: "----" },
    { route: "POST /images/create",           query: "fromImage=&fromImage=busybox",      roles: "----" },
    { route: "POST /images/create",           query: "fromimage=busybox",                 roles: "----" },
    { route: "POST /images/create",           query: "",                                  roles: "----" },
    { route: "POST /containers/*name/start",  query: "detachKeys=a",                      roles: "--ow" },
    { route: "POST /containers/*name/start",  query: "checkpoint=x",                      roles: "----" },
    { route: "POST /containers/*name/start",  query: "checkpoint=",                       roles: "----" },
    { route: "POST /containers/*name/start",  query: "a=1&checkpoint-dir=/etc",           roles: "----" },
    { route: "POST /containers/*name/start",  query: "a=1;checkpoint=x",                  roles: "----" },
    { route: "POST /containers/*name/start",  query: "a;checkpoint=x",                    roles: "----" },
    { route: "POST /containers/*name/start",  query: "detachKeys=checkpoint",             roles: "--ow" },
    { route: "POST /containers/*name/start",  query: "%63heckpoint=x",                    roles: "----" },
  ];
  for (const { route, query, roles } of queries) {
    it(`${route}?${query} is for ${roles}`, () => {
      const may = GRANTS.map(([letter, grant]) =>
        decided(grant, route, query).kind === "denied" ? "-" : letter,
      );
      expect(may.join("")).to.equal(roles);
    });
  }

  it("tells what is written to the audit from what is read", () => {
    // What changes nothing, and needs no more than reading.
    const read = Object.keys(RIGHTS).filter((route) => ["open", "view"].includes(RIGHTS[route]?.[0] ?? ""));
    const expected = Object.keys(EXPECTED).filter((route) => EXPECTED[route]?.[0][1] === "r");
    expect(read.sort()).to.deep.equal(expected.sort());
    for (const route of read) expect(route).to.match(/^(GET|HEAD) /);
  });
});
