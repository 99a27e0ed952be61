import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { expectSame, succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { inspectOn, nodeOf, refused, running } from "../support/placing.ts";
import { pruneNetworks } from "../support/unused.ts";
import { useManager } from "../support/use-manager.ts";

const [bridge, shop] = [
  ["--driver", "bridge"],
  ["--label", "com.docker.compose.project=shop"],
] as const;

/** The network a container is on, by name, as its engine says. */
async function networksOf(node: string, container: string): Promise<readonly string[]> {
  const { body } = await lab().engine(node).api("GET", `/containers/${container}/json`);
  const { NetworkSettings } = JSON.parse(body) as { NetworkSettings: { Networks: object } };
  return Object.keys(NetworkSettings.Networks).sort();
}

describe("networks of one engine", () => {
  const manager = useManager();
  const docker = (...args: readonly string[]) => succeed(manager().docker, args);
  const listed = async (...filters: readonly string[]) => {
    const flags = filters.flatMap((filter) => ["--filter", filter]);
    const names = await docker("network", "ls", "--format", "{{.Name}}", ...flags, "--filter", "type=custom");
    return names === "" ? [] : names.split("\n");
  };
  afterEach(async () => {
    await pruneNetworks(lab());
    await eventually("the manager lists no network", async () => (await listed()).length === 0);
  });

  it("are created on a node, listed with it, inspected, and removed", async () => {
    const id = await docker("network", "create", "--label", "a=1", "--subnet", "10.70.1.0/24", "node-2/net");
    expect(id).to.match(/^[0-9a-f]{64}$/);
    expect(await listed()).to.deep.equal(["node-2/net"]);
    expect(await listed("node=node-1")).to.deep.equal([]);
    expect(await listed("label=a=1", "driver=bridge", "scope=local", "dangling=true")).to.deep.equal([
      "node-2/net",
    ]);
    expect(await listed(`id=${id.slice(0, 5)}`)).to.deep.equal(["node-2/net"]);
    for (const reference of ["net", "node-2/net", id.slice(0, 12)]) {
      const format = "{{.Name}} {{.Id}} {{(index .IPAM.Config 0).Subnet}}";
      const seen = await docker("network", "inspect", "--format", format, reference);
      expect(seen).to.equal(`net ${id} 10.70.1.0/24`);
    }
    expect(await docker("network", "rm", "node-2/net")).to.equal("node-2/net");
    expect(await listed()).to.deep.equal([]);
    const gone = await refused(manager().docker, ["network", "rm", "net"]);
    expect(gone.join()).to.match(/No such network net/);
  });

  it("go where the scheduler says, and containers that join them follow", async () => {
    await docker("network", "create", ...bridge, "net");
    const [listing = ""] = await listed();
    const node = listing.replace("/net", "");
    expect(listing).to.match(/^node-\d\/net$/);
    const web = await running(manager().docker, "--net", "net", "--name", "web");
    expect(await nodeOf(manager().docker, web)).to.equal(node);
    const ping = ["run", "--rm", "--net", listing, "busybox", "ping", "-c", "1", "-W", "5", "web"];
    expect(await docker(...ping)).to.match(/1 packets received/);
    const inspected = await docker("network", "inspect", "--format", "{{json .Containers}}", "net");
    expect(Object.keys(JSON.parse(inspected) as object)).to.deep.equal([web]);
  });

  it("are joined and left, with aliases and addresses, and everything knows at once", async () => {
    await docker("network", "create", "--subnet", "10.70.2.0/24", "node-3/net");
    const web = await running(manager().docker, "-e", "constraint:node==node-3", "--name", "web");
    await docker("network", "connect", "--alias", "www", "--ip", "10.70.2.7", "net", "node-3/web");
    expect(await networksOf("node-3", web)).to.deep.equal(["bridge", "net"]);
    expect(await docker("ps", "-q", "--no-trunc", "--filter", "network=net")).to.equal(web);
    const ping = ["run", "--rm", "--net", "net", "busybox", "ping", "-c", "1", "-W", "5", "www"];
    expect(await docker(...ping)).to.match(/10\.70\.2\.7/);
    await docker("network", "disconnect", "bridge", "web");
    expect(await networksOf("node-3", web)).to.deep.equal(["net"]);
    await docker("network", "disconnect", "--force", "node-3/net", web.slice(0, 12));
    expect(await networksOf("node-3", web)).to.deep.equal([]);
    const again = await refused(manager().docker, ["network", "disconnect", "net", "web"]);
    expect(again.join()).to.match(/is not connected to (the )?network net/);
  });

  it("are not reached from other nodes, and the error says so", async () => {
    await docker("network", "create", "node-1/net");
    await running(manager().docker, "-e", "constraint:node==node-2", "--name", "far");
    const text = await refused(manager().docker, ["network", "connect", "net", "far"]);
    expect(text).to.deep.equal(["network net not found on node node-2"]);
  });

  it("hold a container that has not started, whatever happens to its port", async () => {
    await docker("network", "create", "node-1/net");
    const pinned = ["-e", "constraint:node==node-1"];
    const id = await docker(
      "create",
      ...pinned,
      "--name",
      "idle",
      "-p",
      "8081:80",
      "busybox",
      "sleep",
      "1000",
    );
    await docker("network", "connect", "net", "idle");
    await docker("start", "idle");
    expect(await networksOf("node-1", id)).to.deep.equal(["bridge", "net"]);
    expect((await inspectOn(lab().engine("node-1"), id)).Config.Labels).to.not.have.property(
      "com.docker.swarm.replaces",
    );
  });

  it("take their settings from a network of the same node", async () => {
    await docker("network", "create", "--config-only", "--subnet", "10.70.4.0/24", "node-3/settings");
    await docker("network", "create", "--config-from", "node-3/settings", "net");
    expect(await listed("name=net")).to.deep.equal(["node-3/net"]);
    const format = "{{(index .IPAM.Config 0).Subnet}} {{.ConfigFrom.Network}}";
    expect(await docker("network", "inspect", "--format", format, "net")).to.equal("10.70.4.0/24 settings");
    await docker("network", "rm", "net", "settings");
  });

  it("are pruned on every node that has some to spare", async () => {
    for (const node of ["node-1", "node-2", "node-3"]) await docker("network", "create", `${node}/spare`);
    await docker("network", "create", "node-2/used");
    await running(manager().docker, "--net", "used");
    const said = await docker("network", "prune", "--force");
    expect(said.split("\n").filter((line) => /spare|used/.test(line))).to.deep.equal(["spare"]);
    expect(await listed()).to.deep.equal(["node-2/used"]);
  });

  it("show up when they are made on an engine itself, and go when they go there", async () => {
    const direct = (args: readonly string[]) => lab().engine("node-1").docker(args);
    await succeed(direct, ["network", "create", "side"]);
    await eventually("the manager lists it", async () => (await listed()).includes("node-1/side"));
    await succeed(direct, ["network", "rm", "side"]);
    await eventually("the manager lists it no more", async () => (await listed()).length === 0);
  });

  it("of one Compose project stay together, and answer Compose under their bare names", async () => {
    await docker("network", "create", ...shop, "shop_front");
    const [first = ""] = await listed();
    const home = first.replace("/shop_front", "");
    for (const _ of [1, 2]) await running(manager().docker, "-e", `constraint:node==${home}`);
    await docker("network", "create", ...shop, "shop_back");
    expect(await listed()).to.deep.equal([`${home}/shop_back`, `${home}/shop_front`]);
    const names = await listed("label=com.docker.compose.project=shop");
    expect(names).to.deep.equal(["shop_back", "shop_front"]);
  });

  it("are refused in the engine's own words", async () => {
    const engine = lab().engine("node-1");
    for (const _ of [1, 2]) await running(manager().docker, "-e", "constraint:node==node-2");
    for (const _ of [1, 2]) await running(manager().docker, "-e", "constraint:node==node-3");
    const both = { direct: (args: readonly string[]) => engine.docker(args), manager: manager().docker };
    await expectSame(both, async (client) => {
      await client(["network", "create", "-d", "overlay", "o"]);
      await client(["network", "create", "--subnet", "10.70.3.0/24", "net"]);
      await client(["network", "create", "net"]);
      await client(["run", "-d", "--name", "web", "--net", "net", "busybox", "sleep", "1000"]);
      await client(["network", "connect", "net", "web"]);
      await client(["network", "rm", "net"]);
      await client(["network", "connect", "--ip", "10.1.1.1", "net", "web"]);
      await client(["rm", "-f", "web"]);
      await client(["network", "disconnect", "net", "web"]);
      await client(["network", "rm", "net"]);
    });
  });
});
