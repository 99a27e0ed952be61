import { expect } from "chai";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { inFolder } from "../health/temporary-folder.ts";
import { fakeDiscovery } from "./fake-discovery.ts";
import { swarm } from "./fake-world.ts";

/** Asks the command to stop, as soon as it waits for something. */
const stopping = (stop: AbortController) => (): Promise<void> => {
  stop.abort();
  return Promise.resolve();
};

describe("cli/join, to a store", () => {
  it("registers until it is asked to stop, removes its entry, closes the store, and ends with 0", async () => {
    const stop = new AbortController();
    const discovery = fakeDiscovery({
      onRegister: () => {
        setImmediate(() => stop.abort());
        return Promise.resolve();
      },
    });
    const { code, logged, stderr } = await swarm("join --advertise 10.0.0.1:2375 etcd://e:1/x", {
      discovery,
      stop,
    });
    expect([code, stderr]).to.deep.equal([0, ""]);
    expect(logged).to.deep.equal([
      "info Initializing discovery without TLS",
      "info Registering on the discovery service every 1m0s...",
      "info stopping",
      "info the entry is removed from the discovery service",
    ]);
    expect(discovery.calls).to.deep.equal([
      "register 10.0.0.1:2375 180000",
      "deregister 10.0.0.1:2375",
      "close",
    ]);
  });

  it("names address and discovery service in its log", async () => {
    const stop = new AbortController();
    const discovery = fakeDiscovery({ onRegister: stopping(stop) });
    const { stdout } = await swarm("join --addr [fd00::1]:2375 --ttl 2m etcd://e:1/x", { discovery, stop });
    const line = stdout.split("\n").find((text) => text.includes("Registering on"));
    expect(JSON.parse(line ?? "{}")).to.include({
      level: "info",
      addr: "[fd00::1]:2375",
      discovery: "fake://store",
    });
    expect(discovery.calls[0]).to.equal("register [fd00::1]:2375 120000");
  });

  it("waits for --delay first", async () => {
    const stop = new AbortController();
    const discovery = fakeDiscovery();
    const { code, logged } = await swarm("join --addr e:1 --delay 3s etcd://e:1/x", {
      discovery,
      stop,
      agent: { pause: stopping(stop) },
    });
    expect(logged).to.include("info Add a random delay 1.5s to avoid synchronized registration");
    expect([code, discovery.calls]).to.deep.equal([0, ["close"]]);
  });

  it("ends with 0 although the store cannot be closed", async () => {
    const stop = new AbortController();
    const discovery = fakeDiscovery({
      onRegister: stopping(stop),
      close: () => Promise.reject(new Error("stuck")),
    });
    const { code, logged } = await swarm("join --addr e:1 etcd://e:1/x", { discovery, stop });
    expect([code, logged.at(-1)]).to.deep.equal([0, "warn stopped with an error"]);
  });

  it("closes what people edit before it says that there is nothing to join", async () => {
    const discovery = { ...fakeDiscovery(), registrar: undefined };
    const { code } = await swarm("join --addr e:1 file:///x", { discovery });
    expect([code, discovery.calls]).to.deep.equal([1, ["close"]]);
  });

  it("keeps $SWARM_HEALTH_FILE while it runs, and not longer", () =>
    inFolder(async (folder) => {
      const file = path.join(folder, "status");
      const stop = new AbortController();
      const discovery = fakeDiscovery();
      const running = swarm("join --addr e:1 etcd://e:1/x", {
        discovery,
        stop,
        env: { SWARM_HEALTH_FILE: file },
      });
      while (!existsSync(file)) await new Promise(setImmediate);
      expect(JSON.parse(await readFile(file, "utf8"))).to.include({ command: "join", pid: process.pid });
      stop.abort();
      await running;
      expect(existsSync(file)).to.equal(false);
    }));
});
