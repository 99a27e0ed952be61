import { expect } from "chai";
import { isAnsweredHere, originForm } from "../../../src/replication/relay/answered-here.ts";

describe("replication/relay/answered-here", () => {
  // prettier-ignore
  const cases = [
    { method: "GET",    target: "/_ping",                  here: true },
    { method: "HEAD",   target: "/_ping",                  here: true },
    { method: "GET",    target: "/v1.41/_ping",            here: true },
    { method: "GET",    target: "/info",                   here: true },
    { method: "GET",    target: "/v1.24/info?x=1",         here: true },
    { method: "GET",    target: "/cluster/leader",         here: true },
    { method: "GET",    target: "/v1.41/cluster/leader",   here: true },
    { method: "OPTIONS", target: "*",                      here: true },
    { method: "POST",   target: "/_ping",                  here: false },
    { method: "HEAD",   target: "/info",                   here: false },
    { method: "DELETE", target: "/containers/info",        here: false },
    { method: "GET",    target: "/containers/_ping/json",  here: false },
    { method: "GET",    target: "/info/",                  here: false },
    { method: "GET",    target: "/INFO",                   here: false },
    { method: "GET",    target: "/images/info",            here: false },
    { method: "GET",    target: "/version",                here: false },
    { method: "GET",    target: "/cluster/nodes",          here: false },
    { method: "GET",    target: "/v1.41/v1.41/info",       here: false },
  ];
  for (const { method, target, here } of cases) {
    it(`${here ? "answers" : "relays"} ${method} ${target}`, () => {
      expect(isAnsweredHere(method, target)).to.equal(here);
    });
  }

  it("reads a target that names scheme and host as its path", () => {
    expect(originForm("http://10.0.0.1:2375/v1.41/info?a=b")).to.equal("/v1.41/info?a=b");
    expect(originForm("https://host")).to.equal("/");
    expect(originForm("/images/http://x/json")).to.equal("/images/http://x/json");
  });
});
