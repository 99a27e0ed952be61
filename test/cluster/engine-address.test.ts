import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { expect } from "chai";
import { EngineConnections, hostPort } from "../../src/cluster/engine-address.ts";
import { EngineUnreachableError } from "../../src/docker/engine-client.ts";

describe("cluster/engine-address", () => {
  let server: Server;
  let connections: EngineConnections;
  beforeEach(async () => {
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    connections = new EngineConnections("127.0.0.1", (server.address() as AddressInfo).port);
  });
  afterEach(() => {
    connections.cut();
    server.close();
  });
  const failure = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

  it("writes IPv6 addresses in brackets", () => {
    expect(hostPort({ host: "::1", port: 2375 })).to.equal("[::1]:2375");
    expect(hostPort({ host: "n1", port: 2375 })).to.equal("n1:2375");
  });

  it("resolves names, unless it is given up", async () => {
    expect(await connections.resolve(new AbortController().signal)).to.equal("127.0.0.1");
    expect(await failure(connections.resolve(AbortSignal.abort()))).to.be.instanceOf(Error);
  });

  it("dials, and cuts what it dialled", async () => {
    const socket = await connections.dial();
    expect(socket.listenerCount("error")).to.equal(0);
    const closed = once(socket, "close");
    connections.cut();
    await closed;
    (await connections.dial()).destroy();
  });

  it("cuts a connection that is only being made", async () => {
    const dialling = failure(connections.dial());
    connections.cut();
    const error = await dialling;
    expect(error).to.be.instanceOf(EngineUnreachableError);
    expect((error as Error).message).to.include("the engine was given up");
  });

  it("says that nobody listens", async () => {
    server.close();
    const error = await failure(connections.dial());
    expect(error).to.be.instanceOf(EngineUnreachableError).and.include({ code: "ECONNREFUSED" });
  });
});
