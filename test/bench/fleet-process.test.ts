import { expect } from "chai";
import { Connection } from "../../bench/client/connection.ts";
import { requestText } from "../../bench/client/request-text.ts";
import { FleetProcess } from "../../bench/fleet-process/fleet-process.ts";
import { freePort } from "../lab/free-port.ts";
import { cpuSeconds, rssMiB } from "../../bench/harness/process-figures.ts";
import { eventually } from "../lab/eventually.ts";

describe("bench/fleet-process", function () {
  this.timeout(30_000);
  let fleet: FleetProcess;
  const addr = (index: number): string => fleet.engines[index]?.addr ?? "";
  const ask = async (index: number, path: string): Promise<string> => {
    const connection = await Connection.open(addr(index));
    try {
      return (await connection.send(requestText("GET", path), true)).body.toString();
    } finally {
      connection.close();
    }
  };

  before(async () => {
    fleet = await FleetProcess.start({ engines: 3, containersEach: 2, port: await freePort("127.1.0.1") });
  });
  after(async () => {
    await fleet[Symbol.asyncDispose]();
  });

  it("has each engine at an address of its own, at the same port", async () => {
    const hosts = fleet.engines.map((engine) => engine.addr.split(":")[0]);
    expect(hosts).to.deep.equal(["127.1.0.1", "127.1.0.2", "127.1.0.3"]);
    expect(new Set(fleet.engines.map((engine) => engine.addr.split(":")[1])).size).to.equal(1);
    expect(JSON.parse(await ask(1, "/info"))).to.include({ Name: "node-2", Containers: 2 });
  });

  it("tells its containers and counts what was asked", async () => {
    await fleet.ask.resetCounts();
    const containers = await fleet.ask.containers();
    expect(containers).to.have.length(6);
    const { id, engine } = containers[5]!;
    expect(engine).to.equal(2);
    expect(JSON.parse(await ask(engine, `/containers/${id}/json`))).to.include({ Id: id });
    expect(await fleet.ask.requestCounts()).to.deep.equal({ "GET /containers/:id/json": 1 });
    expect(await fleet.ask.containers("bench")).to.deep.equal([]);
    expect(await fleet.ask.containers("com.docker.compose.service")).to.have.length(6);
  });

  it("kills and revives an engine", async () => {
    await fleet.ask.kill([0]);
    const refused = await ask(0, "/_ping").catch((error: unknown) => (error as NodeJS.ErrnoException).code);
    expect(refused).to.equal("ECONNREFUSED");
    expect(await ask(1, "/_ping")).to.equal("OK");
    await fleet.ask.revive([0]);
    expect(await ask(0, "/_ping")).to.equal("OK");
  });

  it("freezes an engine", async () => {
    await fleet.ask.freeze([0]);
    let answered = false;
    const waiting = ask(0, "/_ping").then((text) => {
      answered = true;
      return text;
    });
    await ask(1, "/_ping");
    expect(answered).to.equal(false);
    await fleet.ask.thaw([0]);
    expect(await waiting).to.equal("OK");
  });

  it("sends events of the engines asked for, numbered and timed", async () => {
    const connection = await Connection.open(addr(1));
    let seen = "";
    await new Promise<void>((resolve, reject) => {
      connection
        .stream(requestText("GET", "/events"), (piece) => (seen += piece.toString()), resolve)
        .catch(reject);
    }).then(() => fleet.ask.sendEvents({ engines: [1], action: "attach", count: 5, perSecond: 1_000 }));
    const lines = await eventually("five events", () => {
      const all = seen.trim().split("\n");
      return all.length === 5 ? all : undefined;
    });
    connection.close();
    const attributes = lines.map(
      (line) => (JSON.parse(line) as { Actor: { Attributes: Record<string, string> } }).Actor.Attributes,
    );
    expect(attributes.map(({ sequence }) => sequence)).to.deep.equal(["0", "1", "2", "3", "4"]);
    expect(process.hrtime.bigint() > BigInt(attributes[0]?.sent ?? "")).to.equal(true);
  });

  it("tells of a call that failed", async () => {
    await fleet.ask.removeLabelled("bench");
    const error = await (fleet.ask as unknown as { nothing: () => Promise<void> })
      .nothing()
      .catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error);
  });

  it("shows what it uses", () => {
    expect(cpuSeconds(fleet.pid)).to.be.greaterThan(0);
    // The peak is read last: what the process takes in between must not be above it.
    const now = rssMiB(fleet.pid);
    expect(now).to.be.greaterThan(10);
    expect(rssMiB(fleet.pid, "peak")).to.be.at.least(now);
  });

  it("says why it cannot stand", async () => {
    const port = Number(addr(0).split(":")[1]);
    const error = await FleetProcess.start({ engines: 1, containersEach: 0, port }).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error);
    expect((error as Error).message).to.include("EADDRINUSE");
  });
});
