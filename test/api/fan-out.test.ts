import { expect } from "chai";
import { jointError } from "../../src/api/fan-out.ts";
import { Engine } from "../../src/cluster/engine.ts";
import { EngineResponseError } from "../../src/docker/engine-client.ts";

const named = (name: string): Engine => Object.create(Engine.prototype, { name: { value: name } }) as Engine;
const failed = (count: number, error: Error) =>
  Array.from({ length: count }, (_, n) => ({ engine: named(`node-${n + 1}`), error }));

describe("api/fan-out", () => {
  it("gives each node that failed its line, and the status they agree on", () => {
    const both = jointError([
      ...failed(1, new EngineResponseError(409, "in use")),
      ...failed(1, new Error("gone")),
    ]);
    expect([both.status, both.message]).to.deep.equal([500, "node-1: in use\nnode-1: gone"]);
    expect(jointError(failed(2, new EngineResponseError(409, "in use"))).status).to.equal(409);
  });

  it("does not bury a person under a thousand lines", () => {
    const lines = jointError(failed(1_000, new EngineResponseError(400, "bad name"))).message.split("\n");
    expect(lines).to.have.length(51);
    expect(lines.at(0)).to.equal("node-1: bad name");
    expect(lines.at(-1)).to.equal("and 950 more nodes");
  });
});
