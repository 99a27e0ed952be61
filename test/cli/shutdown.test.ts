import { expect } from "chai";
import { EventEmitter } from "node:events";
import { installShutdown } from "../../src/cli/shutdown.ts";

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

describe("cli/shutdown", () => {
  it("ends the process at once while nobody asked for grace", () => {
    const source = new FakeProcess();
    installShutdown(source);
    source.emit("SIGTERM");
    source.emit("SIGINT");
    expect(source.exits).to.deep.equal([143, 130]);
  });

  it("asks first, and ends the process at the second signal", () => {
    const source = new FakeProcess();
    const signal = installShutdown(source).stopGracefully();
    source.emit("SIGTERM");
    expect([signal.aborted, source.exits]).to.deep.equal([true, []]);
    source.emit("SIGINT");
    expect(source.exits).to.deep.equal([130]);
  });

  it("leaves SIGHUP to the system until somebody wants it", () => {
    const source = new FakeProcess();
    installShutdown(source);
    expect(source.listenerCount("SIGHUP")).to.equal(0);
  });

  it("hands each SIGHUP to the one who asked last", () => {
    const source = new FakeProcess();
    const { onHangup } = installShutdown(source);
    const seen: string[] = [];
    onHangup(() => seen.push("first"));
    source.emit("SIGHUP");
    onHangup(() => seen.push("second"));
    source.emit("SIGHUP");
    source.emit("SIGHUP");
    expect([seen, source.exits]).to.deep.equal([["first", "second", "second"], []]);
  });
});
