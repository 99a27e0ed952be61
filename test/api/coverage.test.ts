import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { match } from "path-to-regexp";
import { apiRoutes } from "../../src/api/routes.ts";
import type { Services } from "../../src/api/services.ts";
import { dockerEndpoints, olderEndpoints } from "./docker-endpoints.ts";
import { documentedEndpoints, normalPath, speaksOf, type Documented } from "./documented-endpoints.ts";

// Tables are made without asking their services for anything.
const routes = apiRoutes({} as Services).map(({ method, path }) => ({
  method: method.toUpperCase(),
  path,
  matches: match(path, { trailing: false }),
}));

/** The first route of an endpoint, as Express finds it. */
function routeOf(endpoint: string): string | undefined {
  const [method, path = ""] = normalPath(endpoint).split(" ");
  const url = path.replaceAll("{}", "some");
  const route = routes.find((each) => each.method === method && each.matches(url) !== false);
  return route && `${route.method} ${route.path}`;
}

/** A route that takes whatever begins so: swarm mode's, which are all refused alike. */
const isCatchAll = (route: string): boolean => route.endsWith("/*rest");

/** Of the manager's own, beside Docker's. */
const isOperators = (route: string): boolean => route.includes(" /cluster/");

/** `GET /containers/{}/json` for `GET /containers/*name/json`. */
const shape = (route: string): string => route.replaceAll(/[:*]\w+/g, "{}");

describe("Docker's API 1.51", () => {
  let documented: readonly Documented[];
  before(async () => {
    const page = await readFile(new URL("../../docs/api.md", import.meta.url), "utf8");
    documented = documentedEndpoints(page);
  });

  for (const endpoint of dockerEndpoints) {
    it(`${endpoint} has a route and a row in docs/api.md`, () => {
      const route = routeOf(endpoint) ?? "no route";
      if (!isCatchAll(route)) expect(shape(route)).to.equal(normalPath(endpoint));
      const rows = documented.filter((row) => speaksOf(row, endpoint));
      expect(rows, "its row").to.not.deep.equal([]);
      for (const { answeredBy, difference } of rows) {
        expect(answeredBy, "who answers").to.not.match(/^[-–—?]?$/);
        expect(difference, "what is different").to.not.equal("");
        expect(answeredBy, "who answers").to.not.match(/not yet/i);
      }
    });
  }

  it("is all that docs/api.md speaks of, besides what older versions had", () => {
    const known = [...dockerEndpoints, ...olderEndpoints];
    const unknown = documented.filter((row) => !known.some((endpoint) => speaksOf(row, endpoint)));
    expect(unknown.map(({ endpoint }) => endpoint)).to.deep.equal([]);
  });

  it("is all that there are routes for", () => {
    const known = new Set([...dockerEndpoints, ...olderEndpoints].map((endpoint) => normalPath(endpoint)));
    const served = routes.map(({ method, path }) => `${method} ${path}`);
    const unknown = served.filter(
      (route) => !isCatchAll(route) && !isOperators(route) && !known.has(shape(route)),
    );
    // Refused like the rest of swarm mode.
    const swarmMode = /^(GET|POST|DELETE) \/(swarm|nodes|services|tasks|secrets|configs)$/;
    expect(unknown.filter((route) => !swarmMode.test(route))).to.deep.equal([]);
  });

  for (const endpoint of olderEndpoints) {
    it(`${endpoint} of older versions has a route and is documented`, () => {
      expect(shape(routeOf(endpoint) ?? "no route")).to.equal(normalPath(endpoint));
      if (endpoint !== "GET /containers/ps") {
        expect(documented.some((row) => speaksOf(row, endpoint))).to.equal(true);
      }
    });
  }
});

describe("The operator API", () => {
  it("is documented in docs/operator-api.md, endpoint for endpoint", async () => {
    const page = await readFile(new URL("../../docs/operator-api.md", import.meta.url), "utf8");
    const rows = documentedEndpoints(page).map(({ endpoint }) => endpoint.replace(/\?.*$/, ""));
    const served = routes.map(({ method, path }) => shape(`${method} ${path}`)).filter(isOperators);
    expect(rows.sort()).to.deep.equal(served.sort());
  });
});

describe("api/documented-endpoints", () => {
  // prettier-ignore
  const cases = [
    { row: "| `GET /info` | state | x |",                                 reads: ["GET /info"] },
    { row: "| `GET HEAD /_ping` | state | x |",                           reads: ["GET /_ping", "HEAD /_ping"] },
    { row: "| `POST /a` `/b` | state | x |",                              reads: ["POST /a", "POST /b"] },
    { row: "| `POST /a/{id}/x`, `DELETE …/y` | state | x |",              reads: ["POST /a/{}/x", "DELETE /a/{}/y"] },
    { row: "| `/swarm… /nodes…` | 503 | x |",                             reads: ["/swarm…", "/nodes…"] },
    { row: "Prose about `GET /info`",                                     reads: [] },
    { row: "| 404 | `GET /info` in another column |",                     reads: [] },
  ];
  for (const { row, reads } of cases) {
    it(`reads ${row}`, () => {
      expect(documentedEndpoints(row).map(({ endpoint }) => endpoint)).to.deep.equal(reads);
    });
  }
});
