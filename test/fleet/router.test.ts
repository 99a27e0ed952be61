import { expect } from "chai";
import { Router, type Handler } from "../../bench/fleet/router.ts";

describe("fleet/router", () => {
  const handle: Handler = () => undefined;
  const router = new Router(
    (
      [
        "/containers/json",
        "/containers/:id/json",
        "/containers/:id",
        "/images/*name/json",
        "/exec/:id/json",
      ] as const
    ).map((path) => ({ method: "get", path, handle })),
  );

  // prettier-ignore
  const cases = [
    { path: "/containers/json",          route: "GET /containers/json",     params: {} },
    { path: "/containers/web/json",      route: "GET /containers/:id/json", params: { id: "web" } },
    { path: "/containers/a%20b%2Fc/json", route: "GET /containers/:id/json", params: { id: "a b/c" } },
    { path: "/containers/50%/json",      route: "GET /containers/:id/json", params: { id: "50%" } },
    { path: "/containers/web",           route: "GET /containers/:id",      params: { id: "web" } },
    { path: "/images/a/b/c/json",        route: "GET /images/*name/json",   params: { name: "a/b/c" } },
    { path: "/containers//json",         route: undefined,                  params: undefined },
    { path: "/containers/web/json/",     route: undefined,                  params: undefined },
    { path: "/containers/web/top",       route: undefined,                  params: undefined },
    { path: "/images/json",              route: undefined,                  params: undefined },
    { path: "/",                         route: undefined,                  params: undefined },
  ];
  for (const { path, route, params } of cases) {
    it(`finds ${route ?? "nothing"} for ${path}`, () => {
      const found = router.find("GET", path);
      expect(found?.name).to.equal(route);
      expect(found?.params).to.deep.equal(params);
      expect(router.find("POST", path)).to.equal(undefined);
    });
  }
});
