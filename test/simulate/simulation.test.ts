import { once } from "node:events";
import { createServer } from "node:net";
import { expect } from "chai";
import { freePort } from "../lab/free-port.ts";
import { planOf } from "../../src/simulate/planned-nodes.ts";
import { NoSuchNodeError, Simulation } from "../../src/simulate/simulation.ts";
import { request } from "../fleet/request.ts";
import { cluster, container, node } from "./models.ts";

const three = planOf(cluster(node({ name: "n{n}", count: 3 })));

const answers = async (addr: string): Promise<boolean> => {
  try {
    const signal = AbortSignal.timeout(300);
    return (await fetch(`http://${addr}/_ping`, { signal })).ok;
  } catch {
    return false;
  }
};

describe("simulate: a simulation", () => {
  it("gives each engine a loopback address of its own", async () => {
    const port = await freePort("127.1.0.1");
    await using simulation = await Simulation.start(three, { port });
    expect(simulation.addresses).to.deep.equal([
      `127.1.0.1:${port}`,
      `127.1.0.2:${port}`,
      `127.1.0.3:${port}`,
    ]);
    expect(await answers(simulation.addresses[2]!)).to.equal(true);
  });

  it("puts all on free ports of one address where there are no others", async () => {
    await using simulation = await Simulation.start(three, { port: 0 });
    expect(simulation.addresses.every((addr) => addr.startsWith("127.0.0.1:"))).to.equal(true);
  });

  it("names an address that is in use, and leaves nothing standing", async () => {
    const port = await freePort("127.1.0.3");
    const taken = createServer().listen(port, "127.1.0.3");
    await once(taken, "listening");
    try {
      const failed = await Simulation.start(three, { port }).catch((error: unknown) => error);
      expect((failed as Error).message).to.match(
        new RegExp(
          `^listen tcp 127\\.1\\.0\\.3:${port}: address already in use, wanted by n3\\..*--engine-port$`,
        ),
      );
      expect(await answers(`127.1.0.1:${port}`)).to.equal(false);
    } finally {
      taken.close();
    }
  });

  it("names the node whose containers cannot be together", async () => {
    const ports = [{ hostIp: "", hostPort: "80", containerPort: "80/tcp" }];
    const plan = planOf(cluster(node({ containers: ["a", "b"].map((name) => container({ name, ports })) })));
    const failed = await Simulation.start(plan, { port: 0 }).catch((error: unknown) => error);
    expect((failed as Error).message).to.match(
      /^node-1: .*Bind for 0\.0\.0\.0:80 failed: port is already allocated/,
    );
  });

  it("stops between two lots when it is asked to", async () => {
    const stop = new AbortController();
    const plan = planOf(cluster(node({ name: "n{n}", count: 60 })));
    const seen: number[] = [];
    await using simulation = await Simulation.start(plan, {
      port: 0,
      signal: stop.signal,
      onProgress: (standing) => {
        seen.push(standing);
        stop.abort();
      },
    });
    expect([seen, simulation.addresses.length]).to.deep.equal([[25], 25]);
  });

  it("has its networks on every engine, as one", async () => {
    const plan = planOf({ networks: ["shop"], nodes: [node({ name: "n{n}", count: 2 })] });
    await using simulation = await Simulation.start(plan, { port: 0 });
    const ids = await Promise.all(
      simulation.addresses.map(async (addr) => {
        const { body } = await request(addr, "GET", "/networks/shop");
        return (JSON.parse(body) as { Id: string }).Id;
      }),
    );
    expect(ids[0])
      .to.match(/^[0-9a-f]{64}$/)
      .and.to.equal(ids[1]);
  });

  it("fails, freezes and recovers nodes, in any order", async () => {
    await using simulation = await Simulation.start(three, { port: 0 });
    const [addr = ""] = simulation.addresses;
    for (const condition of [
      "failed",
      "frozen",
      "failed",
      "up",
      "frozen",
      "up",
      "failed",
      "failed",
      "up",
      "up",
    ] as const) {
      const report = await simulation.set("n1", condition);
      expect(report).to.deep.equal({ name: "n1", addr, condition, containers: 0 });
      expect(await answers(addr), condition).to.equal(condition === "up");
    }
    expect(simulation.list().map(({ condition }) => condition)).to.deep.equal(["up", "up", "up"]);
  });

  it("refuses a frozen node nothing: it takes connections, unlike a failed one", async () => {
    await using simulation = await Simulation.start(three, { port: 0 });
    const [addr = ""] = simulation.addresses;
    const causeOf = async (): Promise<string> => {
      const failed = await fetch(`http://${addr}/_ping`, { signal: AbortSignal.timeout(200) }).catch(
        (e: unknown) => e,
      );
      return ((failed as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? (failed as Error).name;
    };
    await simulation.set("n1", "frozen");
    expect(await causeOf()).to.equal("TimeoutError");
    await simulation.set("n1", "failed");
    expect(await causeOf()).to.equal("ECONNREFUSED");
  });

  it("knows no node of another name", async () => {
    await using simulation = await Simulation.start(three, { port: 0 });
    const failed = await simulation.set("n9", "failed").catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(NoSuchNodeError).with.property("message", "No such node: n9");
  });
});
