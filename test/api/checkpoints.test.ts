import { expect } from "chai";
import { startManager, type TestManager } from "./support.ts";

describe("api/checkpoints", () => {
  let manager: TestManager;
  before(async () => {
    manager = await startManager();
  });
  after(() => manager[Symbol.asyncDispose]());

  // prettier-ignore
  const requests = [
    { method: "GET",    path: "/checkpoints?dir=%2Fx",    sent: "/checkpoints?dir=%2Fx" },
    { method: "POST",   path: "/checkpoints",             sent: "/checkpoints" },
    { method: "DELETE", path: "/checkpoints/cp1?dir=x",   sent: "/checkpoints/cp1?dir=x" },
    { method: "DELETE", path: "/checkpoints/a%2Fb",       sent: "/checkpoints/a%2Fb" },
  ];
  for (const { method, path, sent } of requests) {
    it(`sends ${method} ${path} to the container's engine, whose answer it is`, async () => {
      const id = await manager.run();
      const engine = manager.engineOf(id);
      const answer = await manager.ask(method, `/v1.40/containers/${id.slice(0, 12)}${path}`);
      // The simulated engine has no checkpoints.
      expect(answer).to.include({ status: 404, message: "page not found" });
      expect(engine.requests.map((request) => `${request.method} ${request.url}`)).to.include(
        `${method} /v1.40/containers/${id}${sent}`,
      );
      expect(engine.containers.has(id)).to.equal(true);
    });
  }

  it("are not found on containers nobody has", async () => {
    for (const [method, path] of [
      ["GET", ""],
      ["POST", ""],
      ["DELETE", "/cp1"],
    ] as const) {
      const answer = await manager.ask(method, `/containers/nope/checkpoints${path}`);
      expect(answer).to.include({ status: 404, message: "No such container: nope" });
    }
  });
});
