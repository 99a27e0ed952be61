import { expect } from "chai";
import { load } from "../../bench/client/load.ts";
import { requestText } from "../../bench/client/request-text.ts";
import { startSimulatedEngine, type SimulatedEngine } from "../../bench/fleet/index.ts";

describe("bench/load", () => {
  let engine: SimulatedEngine;
  beforeEach(async () => {
    engine = await startSimulatedEngine({ name: "node-1", containers: 2 });
  });
  afterEach(() => engine.dispose());

  it("does each operation once, however many clients there are, and leaves no connection", async () => {
    const numbers: number[] = [];
    const figure = await load(
      { addr: engine.addr, clients: 4, operations: 50 },
      async (connection, number) => {
        numbers.push(number);
        const { status, body } = await connection.send(requestText("GET", "/containers/json?all=1"), true);
        expect([status, (JSON.parse(body.toString()) as unknown[]).length]).to.deep.equal([200, 2]);
      },
    );
    expect(numbers.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 50 }, (_, index) => index));
    expect(figure.latencies.count).to.equal(50);
    expect(engine.count("GET /containers/json")).to.equal(50);
  });

  it("ends with the first operation that fails", async () => {
    const failing = load({ addr: engine.addr, clients: 2 }, async (connection, number) => {
      await connection.send(requestText("GET", "/_ping"));
      if (number === 7) throw new Error("wrong answer");
    });
    const error = await failing.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.have.property("message", "wrong answer");
    expect(engine.count("GET /_ping")).to.be.lessThan(20);
  });

  it("says that the connection was closed", async () => {
    const failing = load({ addr: engine.addr, clients: 1 }, async (connection) => {
      const waiting = connection.send(requestText("GET", "/events"));
      await engine.hangUp();
      await waiting;
    });
    const error = await failing.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error);
  });
});
