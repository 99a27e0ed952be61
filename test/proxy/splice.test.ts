import { expect } from "chai";
import { attach, attached, handEngine, upgraded } from "./raw-support.ts";
import { closeAll, happens, isDeserted, rawEngine } from "./support.ts";

describe("proxy/splice, retarget", () => {
  afterEach(closeAll);

  it("moves a silent stream: same request, other path, input repeated, answer swallowed", async () => {
    const { client, engine, splice, server } = await attached();
    client.send("typed ahead");
    await engine.receives(/typed ahead$/);
    const second = await handEngine();
    const moved = splice.retarget(second.target, "/attach/2");
    const other = await second.sides.take();
    await other.receives(/\r\n\r\n/);
    expect(other.text).to.equal(attach.replace("/attach", "/attach/2"));
    other.socket.write(upgraded);
    expect(await moved).to.equal(true);
    await other.receives(/typed ahead$/);
    await engine.isEnded();
    engine.socket.end();
    await isDeserted(server);
    client.send(", and more");
    await other.receives(/typed ahead, and more$/);
    other.socket.end("output");
    expect(await client.isEnded()).to.equal(`${upgraded}output`);
  });

  it("keeps a held stream's output and end from the client until released", async () => {
    const { client, engine, splice } = await attached();
    splice.hold();
    engine.socket.end("too early");
    const probe = await attached(); // a round trip through the same process: the output has arrived
    probe.client.socket.destroy();
    expect(client.text).to.equal(upgraded);
    splice.release();
    expect(await client.isEnded()).to.equal(`${upgraded}too early`);
  });

  it("holds and releases a stream whose client is slow without spoiling what is on its way", async () => {
    const { client, engine, splice } = await attached();
    client.socket.pause();
    let sent = "";
    let idleTurns = 0;
    const write = (): void => {
      while (sent.length < 32 << 20) {
        const piece = String.fromCharCode(97 + ((sent.length >> 16) % 26)).repeat(1 << 16);
        sent += piece;
        idleTurns = 0;
        if (!engine.socket.write(piece)) return void engine.socket.once("drain", write);
      }
    };
    write();
    const turns = async (count: number): Promise<void> => {
      for (idleTurns = 0; idleTurns < count; idleTurns++)
        await new Promise((resolve) => setImmediate(resolve));
    };
    await turns(500);
    expect(sent.length).to.be.lessThan(32 << 20);
    engine.socket.removeAllListeners("drain").end();
    splice.hold();
    splice.release();
    await turns(100);
    client.socket.resume();
    const text = await client.isEnded();
    expect(text === upgraded + sent).to.equal(true);
  });

  it("moves a held stream although its engine has ended it", async () => {
    const { client, engine, splice } = await attached();
    splice.hold();
    engine.socket.end("container removed");
    const second = await handEngine();
    const moved = splice.retarget(second.target, "/attach/2");
    const other = await second.sides.take();
    await other.receives(/\r\n\r\n/);
    other.socket.write(upgraded);
    expect(await moved).to.equal(true);
    splice.release();
    other.socket.end("output");
    expect(await client.isEnded()).to.equal(`${upgraded}output`);
  });

  it("stays held when its engine is lost and another refuses, and can still move", async () => {
    const { client, engine, splice } = await attached();
    splice.hold();
    engine.socket.resetAndDestroy();
    const gone = await handEngine();
    gone.server.close();
    expect(await splice.retarget(gone.target, "/attach/2")).to.equal(false);
    const third = await handEngine();
    const moved = splice.retarget(third.target, "/attach/3");
    const other = await third.sides.take();
    await other.receives(/\r\n\r\n/);
    other.socket.write(upgraded);
    expect(await moved).to.equal(true);
    splice.release();
    other.socket.end("output");
    expect(await client.isEnded()).to.equal(`${upgraded}output`);
  });

  it("repeats the request's body before the answer and a half-close after it", async () => {
    const request = attach.replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\n{}input");
    const { client, engine, splice } = await attached(request);
    client.socket.end();
    await engine.isEnded();
    const second = await handEngine();
    const moved = splice.retarget(second.target, "/attach/2");
    const other = await second.sides.take();
    await other.receives(/\{\}$/);
    other.socket.write(upgraded);
    expect(await moved).to.equal(true);
    await other.receives(/\{\}input$/);
    await other.isEnded();
    other.socket.end("output");
    expect(await client.isEnded()).to.match(/output$/);
  });

  it("stays when the other engine refuses, or is not there", async () => {
    const { client, engine, splice } = await attached();
    const second = await rawEngine((socket) => socket.resume().end("HTTP/1.1 404 Not Found\r\n\r\n"));
    expect(await splice.retarget(second.target, "/attach/2")).to.equal(false);
    second.server.close();
    await happens(second.server, "close");
    expect(await splice.retarget(second.target, "/attach/2")).to.equal(false);
    client.send("input");
    await engine.receives(/input$/);
    engine.socket.end("output");
    expect(await client.isEnded()).to.match(/output$/);
  });

  it("does not move a stream that has given output", async () => {
    const { client, engine, splice, target } = await attached();
    engine.socket.write("output");
    await client.receives(/output$/);
    expect(await splice.retarget(target, "/attach/2")).to.equal(false);
  });

  it("does not move a stream that was fed more than 64 KiB", async () => {
    const { client, engine, splice, target } = await attached();
    client.send("x".repeat(70_000), "end");
    await engine.receives(/end$/);
    expect(await splice.retarget(target, "/attach/2")).to.equal(false);
  });

  it("leaves both engines when the client leaves meanwhile", async () => {
    const { client, engine, splice } = await attached();
    const second = await handEngine();
    const moved = splice.retarget(second.target, "/attach/2");
    const other = await second.sides.take();
    client.socket.resetAndDestroy();
    expect(await moved).to.equal(false);
    await engine.isEnded();
    await other.isEnded();
  });
});
