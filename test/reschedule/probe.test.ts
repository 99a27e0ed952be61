import { getEventListeners } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { startSimulatedEngine } from "../../bench/fleet/index.ts";
import { EngineResponseError, EngineUnreachableError } from "../../src/docker/engine-client.ts";
import { engineProbe, lookOf } from "../../src/reschedule/probe.ts";
import { freePort, until } from "../api/support.ts";

const { signal } = new AbortController();

describe("reschedule/probe", () => {
  it("finds an engine, and who it is", async () => {
    await using engine = await startSimulatedEngine({ name: "node-1" });
    expect(await engineProbe(undefined)(engine.addr, signal)).to.deep.equal({
      kind: "answers",
      engineId: engine.id,
    });
    await until(() => engine.connections === 0, "no connection is left open");
  });

  it("finds nobody where nobody listens", async () => {
    const look = await engineProbe(undefined)(`127.0.0.1:${await freePort()}`, signal);
    expect(look).to.include({ kind: "silent" });
  });

  it("does not take somebody else for nobody", async () => {
    const server = createServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    expect(await engineProbe(undefined)(`127.0.0.1:${port}`, signal)).to.include({ kind: "refuses" });
    server.close();
  });

  it("leaves nothing behind on the signal, which outlives it by far", async () => {
    await engineProbe(undefined)(`127.0.0.1:${await freePort()}`, signal);
    expect(getEventListeners(signal, "abort")).to.deep.equal([]);
  });

  it("is given up with the signal", async () => {
    const stop = new AbortController();
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const looking = engineProbe(undefined)(`127.0.0.1:${port}`, stop.signal);
    server.once("connection", () => stop.abort());
    expect(await looking).to.include({ kind: "silent" });
    server.close();
  });

  // prettier-ignore
  const cases = [
    { it: "an engine that answers with an error is there", error: new EngineResponseError(403, "denied"),                          kind: "refuses" },
    { it: "an unreachable host is silent",                 error: new EngineUnreachableError("no route", "EHOSTUNREACH"),         kind: "silent" },
    { it: "no answer in time is silence",                  error: new EngineUnreachableError("late", "ETIMEDOUT"),                kind: "silent" },
    { it: "a name that is gone is silent",                 error: new EngineUnreachableError("no such name", "ENOTFOUND"),        kind: "silent" },
    { it: "a name server that is gone says nothing",       error: new EngineUnreachableError("try again", "EAI_AGAIN"),           kind: "refuses" },
    { it: "a certificate we do not trust is somebody's",   error: new EngineUnreachableError("x509", "SELF_SIGNED_CERT_IN_CHAIN"), kind: "refuses" },
  ] as const;
  for (const c of cases) it(c.it, () => expect(lookOf(c.error).kind).to.equal(c.kind));
});
