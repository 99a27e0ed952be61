import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { expect } from "chai";
import { succeed } from "../../support/docker-cli.ts";
import { lab } from "../../support/fixtures.ts";
import { Manager } from "../../support/manager.ts";
import { nodeOf } from "../../support/placing.ts";
import {
  copiesOf,
  firstOn,
  mend,
  movable,
  runOn,
  untilMoved,
  untilOneRuns,
  waiting,
  watching,
} from "./support.ts";

/** Takes connections and never says a word. */
async function startSilence(address: string): Promise<{ readonly address: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  server.listen(0, address);
  await once(server, "listening");
  return {
    address: `${address}:${String((server.address() as AddressInfo).port)}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
}

describe("containers of a node that fails while something else is slow", () => {
  let manager: Manager;
  const quick = ["quick-1", "quick-2", "quick-3"];
  before(async () => (manager = await Manager.start(lab(), watching())));
  afterEach(async () => await mend(manager));
  after(async () => await manager.stop());

  // §7.4 #3
  it("move while images of others are pulled from a registry that never answers", async () => {
    await using silence = await startSilence(lab().network.gateway);
    const image = `${silence.address}/app:1`;
    const holder = lab().engine("node-2");
    await succeed(holder.docker.bind(holder), ["tag", "busybox", image]);
    try {
      for (const name of ["slow-1", "slow-2", "slow-3"]) {
        const flags = ["run", "-d", ...movable, ...firstOn("node-2"), "--name", name];
        await succeed(manager.docker, [...flags, image, "sleep", "1000"]);
        expect(await nodeOf(manager.docker, name)).to.equal("node-2");
      }
      for (const name of quick) await runOn(manager, "node-2", name);
      await runOn(manager, "node-1", "other");
      await holder.kill();
      for (const name of quick) await untilMoved(manager, name, "node-2");
      const stuck = (await waiting(manager)).map(({ Name }) => Name).sort();
      expect(stuck).to.deep.equal(["slow-1", "slow-2", "slow-3"]);
      // Another engine fails while they still are.
      await lab().engine("node-1").refuse();
      expect(await untilMoved(manager, "other", "node-1")).to.equal("node-3");
    } finally {
      await lab().recover();
      await holder.docker(["rmi", image]);
    }
  });

  // §7.4 #3
  it("move while another engine takes calls and does not answer", async () => {
    for (const name of quick) await runOn(manager, "node-2", name);
    lab().engine("node-3").pause();
    await lab().engine("node-2").kill();
    for (const name of quick) expect(await untilMoved(manager, name, "node-2", 40_000)).to.equal("node-1");
    lab().engine("node-3").unpause();
    await lab().recover();
    for (const name of quick) await untilOneRuns(name);
  });
});

describe("containers that belong together, when their node fails", () => {
  let manager: Manager;
  before(async () => (manager = await Manager.start(lab(), watching())));
  after(async () => {
    await mend(manager);
    await manager.stop();
  });

  // §7.4 #13
  it("come up together on one node, linked, near and sharing as before", async () => {
    const members: readonly (readonly [string, readonly string[]])[] = [
      ["db", ["-v", "/data"]],
      ["web", ["--link", "db:store"]],
      ["proxy", ["--net", "container:web"]],
      ["backup", ["--volumes-from", "db"]],
      ["near", ["-e", "affinity:container==db"]],
      ["nearer", ["-e", "affinity:container==near"]],
      ["kin", ["-l", "app=shop", "-e", "affinity:container==db"]],
      ["kith", ["-e", "affinity:app==shop"]],
    ];
    for (const [name, flags] of members) await runOn(manager, "node-2", name, ...flags);
    await lab().engine("node-2").kill();
    const nodes = new Map<string, string>();
    for (const [name] of members) nodes.set(name, await untilMoved(manager, name, "node-2", 30_000));
    expect(new Set(nodes.values()).size, JSON.stringify([...nodes])).to.equal(1);
    const inside = async (name: string, ...command: readonly string[]) =>
      await succeed(manager.docker, ["exec", name, ...command]);
    expect(await inside("web", "ping", "-c", "1", "-W", "2", "store")).to.match(/1 packets received/);
    expect(await inside("proxy", "ping", "-c", "1", "-W", "2", "store")).to.match(/1 packets received/);
    await inside("db", "sh", "-c", "echo shared >/data/file");
    expect(await inside("backup", "cat", "/data/file")).to.equal("shared");
    await lab().recover();
    for (const [name] of members) expect((await untilOneRuns(name)).node).to.equal(nodes.get(name));
    for (const [name] of members) expect(await copiesOf(name)).to.have.lengthOf(1);
  });
});
