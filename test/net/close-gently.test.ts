import { createServer } from "node:net";
import type { Socket } from "node:net";
import { expect } from "chai";
import { closeGently } from "../../src/net/close-gently.ts";
import { Mailbox, RawClient, closeAll, isDeserted, listen } from "../proxy/support.ts";

describe("net/close-gently", () => {
  afterEach(closeAll);

  it("delivers what was written, and does not wait for ever for a peer that keeps its side open", async () => {
    const sockets = new Mailbox<Socket>();
    const server = createServer({ allowHalfOpen: true }, (socket) => sockets.put(socket));
    const client = new RawClient(await listen(server));
    const socket = await sockets.take();
    socket.write("last words");
    closeGently(socket, 1);
    expect(await client.isEnded()).to.equal("last words");
    await isDeserted(server);
    expect(client.error).to.equal(undefined);
  });
});
