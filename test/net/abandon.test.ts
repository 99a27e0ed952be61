import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { abandon } from "../../src/net/abandon.ts";

describe("net/abandon", () => {
  let server: Server;
  let socket: Socket;
  let peer: Socket;
  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    [peer] = await accepted;
    peer.on("error", () => undefined);
  });
  afterEach(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });

  it("resets what is open", async () => {
    const reset = once(peer, "error");
    abandon(socket);
    expect((await reset)[0]).to.have.property("code", "ECONNRESET");
  });

  it("closes what is just ending, which cannot be reset any more", async () => {
    socket.on("error", (error) => expect.fail(error.message));
    socket.end();
    const closed = once(socket, "close");
    abandon(socket);
    await closed;
    await once(peer.resume(), "end");
  });
});
