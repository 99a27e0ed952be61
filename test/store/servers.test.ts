import { expect } from "chai";
import { serversFor } from "../../src/store/servers.ts";

describe("store/servers", () => {
  it("stays with a server until it fails, then goes to the next, and round", () => {
    const servers = serversFor(["a", "b", "c"], (endpoint) => endpoint.toUpperCase());
    expect([servers.count, servers.all, servers.current]).to.deep.equal([3, ["A", "B", "C"], "A"]);
    const asked: string[] = [];
    for (let i = 0; i < 4; i++) {
      asked.push(servers.current);
      servers.failed(servers.current);
    }
    expect(asked).to.deep.equal(["A", "B", "C", "A"]);
  });

  it("passes no server over when several calls to one fail", () => {
    const servers = serversFor(["a", "b", "c"], (endpoint) => endpoint);
    for (let i = 0; i < 3; i++) servers.failed("a");
    expect(servers.current).to.equal("b");
  });
});
