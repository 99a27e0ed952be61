import { expect } from "chai";
import { attended } from "../../src/api/attended.ts";

const never = new Promise<never>(() => undefined);
const failure = async (call: Promise<unknown>): Promise<string> => {
  try {
    return `answered ${String(await call)}`;
  } catch (error) {
    return (error as Error).message;
  }
};

describe("api/attended", () => {
  it("leaves an engine alone that answers soon", async () => {
    let pings = 0;
    const client = {
      ping: () => {
        pings++;
        return Promise.resolve();
      },
    };
    expect(await attended({ client }, Promise.resolve(5), 0)).to.equal(5);
    expect(pings).to.equal(0);
  });

  it("waits for an engine that works on, and looks no longer than it must", async () => {
    let pings = 0;
    let answer = (_: string): void => undefined;
    const call = new Promise<string>((resolve) => (answer = resolve));
    const ping = (): Promise<void> => {
      if (++pings === 20) answer("done");
      return pings % 2 === 0 ? Promise.resolve() : Promise.reject(new Error("busy"));
    };
    expect(await attended({ client: { ping } }, call, 0)).to.equal("done");
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(pings).to.equal(20);
  });

  it("does not look again when the call ended during a look", async () => {
    let pings = 0;
    let pong = (): void => undefined;
    let answer = (_: string): void => undefined;
    const call = new Promise<string>((resolve) => (answer = resolve));
    const ping = (): Promise<void> => {
      pings++;
      answer("done");
      return new Promise((resolve) => (pong = resolve));
    };
    expect(await attended({ client: { ping } }, call, 0)).to.equal("done");
    pong();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(pings).to.equal(1);
  });

  it("gives up an engine that twice says nothing", async () => {
    let pings = 0;
    const ping = (): Promise<void> => Promise.reject(new Error(`silence ${String(++pings)}`));
    expect(await failure(attended({ client: { ping } }, never, 0))).to.equal("silence 2");
  });

  it("fails as the call does", async () => {
    const client = { ping: () => Promise.resolve() };
    expect(await failure(attended({ client }, Promise.reject(new Error("refused")), 0))).to.equal("refused");
  });
});
