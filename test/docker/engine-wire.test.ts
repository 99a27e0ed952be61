import { once } from "node:events";
import { expect } from "chai";
import { IdleBudget } from "../../src/docker/idle-budget.ts";
import { eventually } from "../lab/eventually.ts";
import { failure, OK, WireEngine } from "./wire-engine.ts";
import type { Socket } from "node:net";

describe("docker/engine-wire", () => {
  let engine: WireEngine;
  beforeEach(async () => {
    engine = await WireEngine.start();
  });
  afterEach(() => engine[Symbol.asyncDispose]());

  describe("uses a connection", () => {
    it("again, the one that was used last", async () => {
      await Promise.all([engine.send("GET /a"), engine.send("GET /b")]);
      expect((await engine.send("GET /c")).body.toString()).to.equal("{}");
      await engine.send("POST /d");
      expect(engine.accepted).to.have.length(2);
      const [, , third = "", fourth = ""] = engine.asked;
      expect(third[0]).to.equal(fourth[0]);
    });

    it("for one call at a time: none waits for another", async () => {
      const late: Socket[] = [];
      engine.answer = (socket, line) =>
        line === "GET /slow" ? void late.push(socket) : void socket.write(OK);
      const slow = engine.send("GET /slow");
      await engine.send("GET /quick");
      expect(late).to.have.length(1);
      late[0]!.write(OK);
      await slow;
    });

    it("not again when the engine says so", async () => {
      engine.answer = (socket) => void socket.write(OK.replace("\r\n", "\r\nConnection: close\r\n"));
      await engine.send("GET /a");
      await eventually("it is closed", () => engine.accepted[0]!.readableEnded);
      await engine.send("POST /b");
      expect(engine.asked).to.deep.equal(["1 GET /a", "2 POST /b"]);
    });

    it("not again when the engine keeps it for shorter than that", async () => {
      engine.answer = (socket) => void socket.write(OK.replace("\r\n", "\r\nKeep-Alive: timeout=2\r\n"));
      const now = performance.now.bind(performance);
      await engine.send("GET /a");
      try {
        performance.now = () => now() + 1_001;
        await engine.send("POST /b");
      } finally {
        performance.now = now;
      }
      expect(engine.asked).to.deep.equal(["1 GET /a", "2 POST /b"]);
    });

    it("not the one that was idle for longest where all engines together keep enough of them", async () => {
      const budget = new IdleBudget(2);
      engine.wire = engine.newWire(10_000, budget);
      await engine.send("GET /a");
      const other = (engine.wire = engine.newWire(10_000, budget));
      await Promise.all([engine.send("GET /b"), engine.send("GET /c")]);
      await eventually("it is closed", () => engine.agent.opened[0]!.destroyed);
      await Promise.all([engine.send("GET /d"), engine.send("GET /e")]);
      expect([engine.agent.opened.length, budget.size]).to.deep.equal([3, 2]);
      other.closeIdle();
      expect(budget.size).to.equal(0);
    });

    it("for what changes something only while it has not been idle for long", async () => {
      const now = performance.now.bind(performance);
      engine.wire = engine.newWire(75_000);
      await engine.send("GET /a");
      try {
        performance.now = () => now() + 50_001;
        await engine.send("POST /b");
        expect(engine.asked).to.deep.equal(["1 GET /a", "2 POST /b"]);
        performance.now = () => now() + 74_000;
        await Promise.all([engine.send("GET /c"), engine.send("GET /d")]);
        expect(engine.accepted).to.have.length(2);
      } finally {
        performance.now = now;
      }
    });

    for (const { how, leave } of [
      { how: "is used", leave: (one: WireEngine): Promise<unknown> => one.send("GET /again") },
      {
        how: "is closed by the engine",
        leave: async (one: WireEngine) => {
          const closed = once(one.agent.opened[0]!, "close");
          one.accepted[0]!.end();
          await closed;
        },
      },
      {
        how: "is cut",
        leave: async (one: WireEngine) => {
          const closed = once(one.agent.opened[0]!, "close");
          one.wire.cut();
          await closed;
        },
      },
      {
        how: "gets too old",
        leave: (one: WireEngine): Promise<unknown> => once(one.agent.opened[0]!, "close"),
      },
    ]) {
      it(`counts as idle until it ${how}`, async () => {
        const budget = new IdleBudget(1);
        engine.wire = engine.newWire(how === "gets too old" ? 50 : 10_000, budget);
        await engine.send("GET /a");
        expect(budget.size).to.equal(1);
        engine.answer = (socket) => void socket.write(OK.replace("\r\n", "\r\nConnection: close\r\n"));
        await leave(engine);
        expect(budget.size).to.equal(0);
      });
    }

    it("not again on which the engine said something of its own accord", async () => {
      await engine.send("GET /a");
      engine.accepted[0]!.write(OK.replace("{}", "no"));
      await once(engine.accepted[0]!, "close");
      expect((await engine.send("GET /b")).body.toString()).to.equal("{}");
      expect(engine.asked).to.deep.equal(["1 GET /a", "2 GET /b"]);
    });

    it("not again that the engine closed in the meantime", async () => {
      await engine.send("GET /a");
      const closed = once(engine.agent.opened[0]!, "close");
      engine.accepted[0]!.end();
      await closed;
      await engine.send("POST /b");
      expect(engine.asked).to.deep.equal(["1 GET /a", "2 POST /b"]);
    });
  });

  it("closes what is idle for too long, and nothing that is in use", async () => {
    engine.wire = engine.newWire(30);
    engine.answer = (socket) => void setTimeout(() => socket.write(OK), 100);
    await engine.send("GET /a");
    await eventually("it is closed", () => engine.accepted[0]!.readableEnded);
    await engine.send("GET /b");
    await eventually("that one, too", () => engine.accepted[1]!.readableEnded);
  });

  it("closes each that is idle in its own time", async () => {
    engine.wire = engine.newWire(30);
    const held = new Map<string, Socket>();
    engine.answer = (socket, line) => void held.set(line, socket);
    const calls = [engine.send("GET /old"), engine.send("GET /young")];
    await eventually("both are asked", () => held.size === 2);
    const [old, young] = [held.get("GET /old")!, held.get("GET /young")!];
    old.write(OK);
    await calls[0];
    const now = performance.now.bind(performance);
    try {
      performance.now = () => now() + 1_000;
      young.write(OK);
      await calls[1];
    } finally {
      performance.now = now;
    }
    await eventually("the old one is closed", () => old.readableEnded);
    expect(young.readableEnded).to.equal(false);
    await eventually("the young one, too", () => young.readableEnded);
  });

  it("keeps eight that are idle", async () => {
    await Promise.all(Array.from({ length: 12 }, () => engine.send("GET /")));
    await eventually(
      "the others are closed",
      () => engine.agent.opened.filter(({ closed }) => closed).length === 4,
    );
    engine.wire.closeIdle();
    await eventually("all are closed", () => engine.agent.opened.every(({ closed }) => closed));
  });

  it("does not keep the process alive with what is idle, and does with what is not", async () => {
    let finish: () => void = () => undefined;
    engine.answer = (socket) => void (finish = () => void socket.write(OK));
    const refs = (): boolean =>
      (engine.agent.opened[0] as unknown as { _handle: { hasRef(): boolean } })._handle.hasRef();
    for (let n = 1; n <= 2; n++) {
      const call = engine.send("GET /");
      await eventually("it is asked", () => engine.asked.length === n);
      expect(refs()).to.equal(true);
      finish();
      await call;
      expect(refs()).to.equal(false);
    }
  });

  it("writes a request once", async () => {
    await engine.send("GET /a");
    await engine.send("POST /b");
    expect(engine.agent.writes).to.equal(2);
  });

  describe("asks whether it still may", () => {
    const refusal = new Error("not the primary");
    const refuse = (): void => {
      throw refusal;
    };

    it("when a connection had to be opened, and sends nothing then", async () => {
      expect(await failure(engine.send("POST /a", { mayStill: refuse }))).to.equal(refusal);
      await once(engine.agent.opened[0]!, "close");
      expect({ asked: engine.asked, writes: engine.agent.writes }).to.deep.equal({ asked: [], writes: 0 });
    });

    it("not of a connection that is open: nothing was between question and request", async () => {
      await engine.send("GET /a");
      await engine.send("POST /b", { mayStill: refuse });
      expect(engine.asked).to.deep.equal(["1 GET /a", "1 POST /b"]);
    });
  });
});
