import { expect } from "chai";
import { startManager, type TestManager } from "./support.ts";

describe("api/engine-lost", () => {
  let manager: TestManager;
  beforeEach(async () => {
    manager = await startManager({
      config: { engine: { refreshMinMs: 30_000, refreshMaxMs: 60_000, failureRetry: 1_000 } },
    });
  });
  afterEach(() => manager[Symbol.asyncDispose]());

  // prettier-ignore
  const cases = [
    { method: "GET",  path: "/containers/web/logs?stdout=1",     says: /^Cannot reach node node-2 at 127\.[\d.]+:\d+: / },
    { method: "POST", path: "/containers/web/attach?stdout=1",   says: /^Cannot reach node node-2 at 127\.[\d.]+:\d+: / },
    { method: "POST", path: "/containers/web/rename?name=other", says: /^node-2: Cannot connect to the Docker daemon at tcp:\/\/127\./ },
  ];
  for (const { method, path, says } of cases) {
    it(`names the node that died: ${method} ${path}`, async () => {
      const id = await manager.run({ Env: ["constraint:node==node-2"] }, "web");
      await manager.engineOf(id).hangUp();
      const { status, message } = await manager.ask(method, path);
      expect(status).to.equal(500);
      expect(message).to.match(says);
    });
  }
});
