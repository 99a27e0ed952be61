import { once } from "node:events";
import type { Socket } from "node:net";
import { expect } from "chai";
import { CallScope } from "../../src/docker/call-scope.ts";
import { eventually } from "../lab/eventually.ts";
import { failure, OK, WireEngine } from "./wire-engine.ts";

describe("docker/engine-wire: faults", () => {
  let engine: WireEngine;
  beforeEach(async () => {
    engine = await WireEngine.start();
  });
  afterEach(() => engine[Symbol.asyncDispose]());
  const hangUp = (error: unknown): void => {
    expect(error).to.include({ code: "ECONNRESET", message: "socket hang up" });
  };

  describe("when a connection that was idle turns out to be closed", () => {
    // The engine closes it at the moment at which the request arrives.
    const closesOn = (line: string, times = 1) => {
      let left = times;
      engine.answer = (socket, got) => {
        if (got === line && left-- > 0) socket.destroy();
        else socket.write(OK);
      };
    };

    it("asks again what only reads, once, on a new one", async () => {
      await Promise.all([engine.send("GET /"), engine.send("GET /")]);
      closesOn("GET /a");
      expect((await engine.send("GET /a")).status).to.equal(200);
      const [first, second] = engine.asked.slice(2).map((line) => line[0]);
      expect([first === "3", second]).to.deep.equal([false, "3"]);
      closesOn("GET /b", 2);
      hangUp(await failure(engine.send("GET /b")));
      expect(engine.asked).to.have.length(6);
    });

    it("does not ask twice for a change", async () => {
      await engine.send("GET /");
      closesOn("POST /a");
      hangUp(await failure(engine.send("POST /a")));
      expect(engine.asked).to.deep.equal(["1 GET /", "1 POST /a"]);
    });

    it("does not ask twice on a new connection", async () => {
      closesOn("GET /a");
      hangUp(await failure(engine.send("GET /a")));
      expect(engine.asked).to.deep.equal(["1 GET /a"]);
    });

    it("does not ask twice when an answer had begun", async () => {
      await engine.send("GET /");
      engine.answer = (socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Le");
      expect(await failure(engine.send("GET /a"))).to.include({ code: "ECONNRESET", message: "aborted" });
      expect(engine.asked).to.have.length(2);
    });

    it("fails as the new connection does", async () => {
      await engine.send("GET /");
      closesOn("GET /a");
      const call = failure(engine.send("GET /a"));
      engine.server.close();
      expect(await call).to.include({ code: "ECONNREFUSED" });
    });

    it("fails when no new one can be opened", async () => {
      await engine.send("GET /");
      closesOn("GET /a");
      const broken = new Error("no certificate");
      engine.agent.onOpen = () => {
        throw broken;
      };
      expect(await failure(engine.send("GET /a"))).to.equal(broken);
    });
  });

  describe("ends a call", () => {
    it("when all is cut, whatever its state, and works again afterwards", async () => {
      await engine.send("GET /"); // one in the pool
      engine.answer = () => undefined;
      const used = failure(engine.send("GET /reused"));
      const opened = failure(engine.send("GET /opened"));
      await eventually("both are asked", () => engine.asked.length === 3);
      const opening = failure(engine.send("GET /opening"));
      engine.wire.cut();
      for (const call of [used, opened, opening]) hangUp(await call);
      await eventually("all are closed", () => engine.agent.opened.every(({ closed }) => closed));
      expect(engine.asked).to.have.length(3);
      engine.answer = (socket) => void socket.write(OK);
      expect((await engine.send("POST /again")).status).to.equal(200);
    });

    it("that is given up, and its connection, and does not ask again", async () => {
      await engine.send("GET /");
      engine.answer = () => undefined;
      const scope = new CallScope(0, {});
      const call = failure(engine.send("GET /a", { scope }));
      await eventually("it is asked", () => engine.asked.length === 2);
      const reset = once(engine.accepted[0]!, "error");
      scope.giveUp("cancelled");
      hangUp(await call);
      expect(await reset, "nothing on its way comes later").to.have.nested.property("[0].code", "ECONNRESET");
      expect(engine.agent.opened).to.have.length(1);
    });

    it("that is given up while its connection is being opened", async () => {
      const scope = new CallScope(0, {});
      const call = failure(engine.send("POST /a", { scope }));
      scope.giveUp("cancelled");
      hangUp(await call);
      expect(engine.agent.writes).to.equal(0);
    });

    it("and not the next one on its connection, when it is given up too late", async () => {
      const scope = new CallScope(0, {});
      await engine.send("GET /a", { scope });
      const next = engine.send("GET /b");
      scope.giveUp("time");
      expect((await next).status).to.equal(200);
      expect(engine.accepted).to.have.length(1);
    });
  });

  for (const header of ["Connection: close", "X-Kept: yes"]) {
    it(`takes an answer that comes before the whole request is sent, and not the connection again: ${header}`, async () => {
      const message = Buffer.from(
        `POST /a HTTP/1.1\r\nContent-Length: ${8 << 20}\r\n\r\n${"x".repeat(8 << 20)}`,
      );
      engine.server.once("connection", (socket: Socket) => {
        socket.pause();
        socket.write(OK.replace("200", "413").replace("\r\n", `\r\n${header}\r\n`));
      });
      const request = { method: "POST", message, maxAnswerBytes: 1_000 };
      expect((await engine.wire.send(request, new CallScope(0, {}))).status).to.equal(413);
      expect((await engine.send("GET /b")).status).to.equal(200);
      expect(engine.agent.opened).to.have.length(2);
    });
  }

  it("fails with what is wrong with an answer, and drops its connection", async () => {
    engine.answer = (socket) => void socket.write("SSH-2.0-x\r\n");
    expect(await failure(engine.send("GET /a"))).to.include({ code: "HPE_INVALID_CONSTANT" });
    await once(engine.accepted[0]!.resume(), "close");
  });

  it("reads an answer that ends with its connection", async () => {
    engine.answer = (socket) => void socket.end("HTTP/1.0 200 OK\r\n\r\nall of it");
    expect((await engine.send("GET /a")).body.toString()).to.equal("all of it");
  });
});
