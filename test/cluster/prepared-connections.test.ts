import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { PreparedConnections } from "../../src/cluster/prepared-connections.ts";
import { eventually } from "../lab/eventually.ts";

describe("cluster/prepared-connections", () => {
  let server: Server;
  /** The server's ends of all that was ever opened. */
  let ends: Socket[];
  let ours: Socket[];

  beforeEach(async () => {
    ends = [];
    ours = [];
    server = createServer({ allowHalfOpen: true }, (socket) => {
      ends.push(socket.on("error", () => undefined));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(() => {
    for (const end of ends) end.destroy();
    server.close();
  });

  async function open(): Promise<Socket> {
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    ours.push(socket);
    await once(socket, "connect");
    return socket;
  }
  const alive = (): number => ends.filter((end) => !end.destroyed && !end.readableEnded).length;
  const arrived = (count: number): Promise<unknown> =>
    eventually(`${count} connections`, () => ends.length === count);

  it("has none unless told to", () => {
    expect(new PreparedConnections(open).take()).to.equal(undefined);
  });

  it("gives each away once, also while it is being opened", async () => {
    const connections = new PreparedConnections(open);
    connections.prepare();
    const early = connections.take();
    connections.prepare();
    await arrived(2);
    const late = connections.take();
    expect(connections.take()).to.equal(undefined);
    for (const socket of [await early, await late]) {
      expect(socket?.listenerCount("error"), "nobody else listens to it").to.equal(0);
      expect(socket?.listenerCount("end")).to.equal(1); // Node's own
      socket?.destroy();
    }
    expect(ours.length).to.equal(2);
  });

  it("keeps no more than eight", async () => {
    const connections = new PreparedConnections(open);
    for (let n = 0; n < 20; n++) connections.prepare();
    await arrived(8);
    connections.drop();
    expect(ours.length).to.equal(8);
  });

  it("closes what nobody comes for", async () => {
    const connections = new PreparedConnections(open, 20);
    connections.prepare();
    await arrived(1);
    for (const end of ends) end.resume();
    await eventually("it is closed", () => alive() === 0);
    expect(connections.take()).to.equal(undefined);
  });

  it("closes what it has when told to", async () => {
    const connections = new PreparedConnections(open);
    connections.prepare();
    connections.drop();
    expect(connections.take()).to.equal(undefined);
    await arrived(1);
    for (const end of ends) end.resume();
    await eventually("it is closed", () => alive() === 0);
  });

  for (const how of ["end", "destroy"] as const)
    it(`does not give away what its other side has left (${how})`, async () => {
      const connections = new PreparedConnections(open);
      connections.prepare();
      await arrived(1);
      for (const end of ends) end[how]();
      await eventually("it is noticed", () => ours[0]?.destroyed === true);
      expect(connections.take()).to.equal(undefined);
    });

  it("tells who comes in time that it could not be opened, and then forgets it", async () => {
    const connections = new PreparedConnections(() => Promise.reject(new Error("refused")));
    connections.prepare();
    const error = await connections.take()?.catch((reason: unknown) => reason);
    expect(error).to.include({ message: "refused" });
    connections.prepare();
    await Promise.resolve();
    await Promise.resolve();
    expect(connections.take()).to.equal(undefined);
  });
});
