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
});
