import { expect } from "chai";
import { swarm } from "./fake-world.ts";

describe("cli/manage", () => {
  it("runs until it is asked to stop, closes what it opened, and ends with 0", async () => {
    let closed = 0;
    const { code, logged } = await swarm("manage a:1", {
      app: {
        dispose: () => {
          closed++;
          return Promise.resolve();
        },
      },
    });
    expect([code, closed, logged]).to.deep.equal([0, 1, ["info stopping"]]);
  });

  it("gives the app the discovery service it was told", async () => {
    let description = "";
    await swarm("manage n[1:2]:1", {
      app: {
        start: ({ discovery }) => {
          description = discovery.description;
          return Promise.resolve();
        },
      },
    });
    expect(description).to.equal("nodes://n[1:2]:1");
  });

  // prettier-ignore
  const failures = [
    { it: "a listener that fails later",    app: { failed: Promise.reject(new Error("listen: gone")) } },
    { it: "a listener that never opens",    app: { ready: Promise.reject(new Error("listen: gone")) } },
    { it: "an app that cannot start",       app: { start: () => Promise.reject(new Error("listen: gone")) } },
  ];
  for (const { app } of failures) {
    app.failed?.catch(() => undefined);
    app.ready?.catch(() => undefined);
  }
  for (const c of failures) {
    it(`ends with a fatal line after ${c.it}`, async () => {
      const { code, logged } = await swarm("manage a:1", { app: { ...c.app, stop: false } });
      expect([code, logged]).to.deep.equal([1, ["fatal listen: gone"]]);
    });
  }

  it("reads its files again at SIGHUP, also at one that comes while it starts", async () => {
    let hangUp: (() => void) | undefined;
    const seen: string[] = [];
    const { code } = await swarm("manage a:1", {
      onHangup: (reload) => (hangUp = reload),
      app: {
        start: async () => {
          await Promise.resolve();
          hangUp?.();
          seen.push("started");
        },
        reload: () => void seen.push("reloaded"),
      },
    });
    expect([code, seen]).to.deep.equal([0, ["started", "reloaded"]]);
  });

  it("takes a SIGHUP in good part when it cannot start", async () => {
    let hangUp: (() => void) | undefined;
    const { code, logged } = await swarm("manage a:1", {
      onHangup: (reload) => (hangUp = reload),
      app: { start: () => Promise.reject(new Error("listen: gone")), stop: false },
    });
    hangUp?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect([code, logged]).to.deep.equal([1, ["fatal listen: gone"]]);
  });

  it("ends with 0 even when closing fails, and says so", async () => {
    const { code, logged } = await swarm("manage a:1", {
      app: { dispose: () => Promise.reject(new Error("stuck")) },
    });
    expect([code, logged]).to.deep.equal([0, ["info stopping", "warn stopped with an error"]]);
  });
});
