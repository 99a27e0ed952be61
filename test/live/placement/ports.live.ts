import { expect } from "chai";
import { succeed } from "../support/docker-cli.ts";
import { notPlaced, placed } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

const nodes = ["node-1", "node-2", "node-3"];

describe("published ports", () => {
  const manager = useManager();

  it("send containers with one host port to different nodes, until all are taken", async () => {
    const taken: string[] = [];
    for (const name of ["web-a", "web-b", "web-c"])
      taken.push(await placed(manager().docker, "--name", name, "-p", "8081:80"));
    expect(taken).to.have.members(nodes);
    const lines = await notPlaced(manager().docker, "-p", "8081:80");
    expect(lines.slice(0, 2)).to.deep.equal([
      "Unable to find a node that satisfies the following conditions ",
      "[port 8081 (Bridge mode)]",
    ]);
    expect(lines.slice(2)).to.have.lengthOf(1);
    expect(lines[2]).to.match(
      /^port: ruled out 3 of 3 nodes; nearest: node-1 \(port 8081 is held by web-[abc]\)$/,
    );
  });

  it("of stopped containers stay theirs until they are removed", async () => {
    for (const node of nodes)
      await placed(manager().docker, "-p", "8082:80", "-e", `constraint:node==${node}`);
    await notPlaced(manager().docker, "-p", "8082:80");
    const [first] = (await succeed(manager().docker, ["ps", "-aq"])).split("\n");
    await succeed(manager().docker, ["rm", first!]);
    expect(await placed(manager().docker, "-p", "8082:80")).to.be.oneOf(nodes);
  });

  it("chosen by an engine count as well", async () => {
    const args = ["run", "-d", "-p", "80", "-e", "constraint:node==node-1", "busybox", "sleep", "1000"];
    const id = await succeed(manager().docker, args);
    const port = (await succeed(manager().docker, ["port", id, "80"])).split("\n")[0]!.split(":").at(-1)!;
    const lines = await notPlaced(manager().docker, "-p", `${port}:80`, "-e", "constraint:node==node-1");
    expect(lines[1]).to.equal(`[port ${port} (Bridge mode)]`);
  });

  it("go to exactly three of twenty containers that are run at the same time", async () => {
    const run = async () =>
      await manager().docker(["run", "-d", "-p", "8083:80", "busybox", "sleep", "1000"]);
    const results = await Promise.all(Array.from({ length: 20 }, run));
    const [ran, refused] = [
      results.filter(({ code }) => code === 0),
      results.filter(({ code }) => code !== 0),
    ];
    expect(ran, refused[0]?.stderr).to.have.lengthOf(3);
    for (const { stderr } of refused) {
      expect(stderr).to.include("Unable to find a node that satisfies the following conditions");
    }
    const format = ["--format", "{{.Node.Name}} {{.State.Status}}"];
    const there = await succeed(manager().docker, [
      "inspect",
      ...format,
      ...ran.map(({ stdout }) => stdout.trim()),
    ]);
    expect(there.split("\n")).to.have.members(nodes.map((node) => `${node} running`));
    expect((await succeed(manager().docker, ["ps", "-aq"])).split("\n")).to.have.lengthOf(3);
  });
});

describe("container names", () => {
  const manager = useManager();
  const conflict =
    "Conflict: The name web is already assigned. " +
    "You have to delete (or rename) that container to be able to assign web to a container again.";

  it("are unique in the cluster, on whatever node", async () => {
    await placed(manager().docker, "--name", "web", "-e", "constraint:node==node-1");
    const lines = await notPlaced(manager().docker, "--name", "web", "-e", "constraint:node==node-2");
    expect(lines).to.deep.equal([conflict]);
    const answer = await fetch(`${manager().http}/containers/create?name=web`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ Image: "busybox" }),
    });
    expect([answer.status, await answer.json()]).to.deep.equal([409, { message: conflict }]);
  });

  it("stay unique when a container is renamed", async () => {
    await placed(manager().docker, "--name", "web", "-e", "constraint:node==node-1");
    await placed(manager().docker, "--name", "other", "-e", "constraint:node==node-2");
    const { code, stderr } = await manager().docker(["rename", "other", "web"]);
    expect(code).to.equal(1);
    expect(stderr).to.include(conflict);
    await succeed(manager().docker, ["rename", "other", "third"]);
    await succeed(manager().docker, ["rename", "web", "other"]);
    expect(await succeed(manager().docker, ["ps", "-a", "--format", "{{.Names}}"])).to.match(/node-1\/other/);
  });

  it("go to exactly one of ten containers that are created at the same time", async () => {
    const create = async () => await manager().docker(["create", "--name", "web", "busybox", "true"]);
    const results = await Promise.all(Array.from({ length: 10 }, create));
    expect(results.filter(({ code }) => code === 0)).to.have.lengthOf(1);
    const refused = results.filter(({ code }) => code !== 0).map(({ stderr }) => stderr.trim());
    expect(new Set(refused)).to.deep.equal(new Set([`Error response from daemon: ${conflict}`]));
  });
});
