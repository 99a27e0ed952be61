import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { Engine } from "../../src/cluster/engine.ts";
import { forward } from "../../src/proxy/forward.ts";
import { NoPrimaryError } from "../../src/replication/manager-role.ts";
import type { SimulatedEngine } from "../../bench/fleet/index.ts";
import { request } from "../api/support.ts";
import { eventually, startWorld, type World } from "./world.ts";

describe("cluster, of a manager that may not act any more", () => {
  let world: World;
  let simulated: SimulatedEngine;
  let engine: Engine;
  let server: Server;
  /** How often the fence still says yes. */
  let rest: number;
  let outcome: Promise<unknown>;

  beforeEach(async () => {
    rest = Infinity;
    const fence = (): void => {
      if (rest-- <= 0) throw new NoPrimaryError("not the primary");
    };
    world = startWorld({ fence });
    simulated = await world.engine();
    world.set(simulated);
    await eventually("it is healthy", () => [...world.cluster.healthy()].length === 1);
    [engine] = [...world.cluster.healthy()] as [Engine];
    server = createServer((req, res) => {
      const options = { path: req.url ?? "", apiVersion: undefined };
      outcome = forward(req, res, engine, options).catch((error: unknown) => {
        res.end("refused");
        return error;
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(async () => {
    server.close();
    await world[Symbol.asyncDispose]();
  });

  const prunes = (): number => simulated.count("POST /volumes/prune");
  const forwarded = async (method: string, path: string): Promise<unknown> => {
    await request((server.address() as AddressInfo).port, method, path);
    return await outcome;
  };
  /** The next request needs a connection. */
  const dropConnections = (): void => {
    for (const sockets of Object.values(engine.agent.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
    engine.connections.wire.closeIdle();
  };
  // prettier-ignore
  const ways = [
    { it: "its own call",        prune: () => engine.client.send("POST", "/v1.41/volumes/prune").catch((error: unknown) => error) },
    { it: "a client's request",  prune: () => forwarded("POST", "/v1.41/volumes/prune") },
  ];
  for (const { it: way, prune } of ways) {
    it(`sends nothing that changes something: ${way}`, async () => {
      rest = 0;
      expect(await prune()).to.be.instanceOf(NoPrimaryError);
      expect(prunes()).to.equal(0);
    });

    it(`sends nothing when the connection is only open afterwards: ${way}`, async () => {
      dropConnections();
      rest = 1;
      expect(await prune()).to.be.instanceOf(NoPrimaryError);
      expect(prunes()).to.equal(0);
      // That says nothing of the engine.
      expect(engine.healthIndicator).to.equal(100);
    });

    it(`sends while it may: ${way}`, async () => {
      dropConnections();
      await prune();
      expect(prunes()).to.equal(1);
    });
  }

  it("goes on to read", async () => {
    rest = 0;
    dropConnections();
    await engine.client.info();
    expect(await forwarded("GET", "/v1.41/volumes")).to.deep.equal({ kind: "done", status: 200 });
    expect(await forwarded("HEAD", "/_ping")).to.deep.equal({ kind: "done", status: 200 });
  });
});
