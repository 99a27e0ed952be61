import { expect } from "chai";
import type { LabEngine } from "../../lab/engine.ts";
import { eventually } from "../../lab/eventually.ts";
import { succeed } from "../support/docker-cli.ts";
import type { Docker } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { onlyBusybox } from "../support/only-busybox.ts";
import { placed, refused } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

const everyNode = ["node-1", "node-2", "node-3"];

/** The nodes that hold an image, asked themselves. */
async function holders(image: string): Promise<readonly string[]> {
  const held = async (engine: LabEngine) => (await engine.docker(["images", "-q", image])).stdout !== "";
  const answers = await Promise.all(lab().engines.map(held));
  return everyNode.filter((_, index) => answers[index]);
}

/** Makes an image of its own on one engine, and waits until the manager knows it. Gives its ID. */
async function imported(docker: Docker, engine: LabEngine, name: string): Promise<string> {
  const input = Buffer.alloc(10_240);
  const { code, stdout, stderr } = await engine.docker(["import", "-c", "CMD true", "-", name], { input });
  expect(code, stderr).to.equal(0);
  const id = stdout.trim();
  await eventually("the manager knows the image", async () =>
    (await succeed(docker, ["images", "-q", "--no-trunc", name])).includes(id),
  );
  return id;
}

describe("docker tag, images and rmi", () => {
  const manager = useManager();
  const docker: Docker = (args, options) => manager().docker(args, options);
  const images = async (...args: string[]) => {
    const lines = await succeed(docker, ["images", "--format", "{{.Repository}}:{{.Tag}}", ...args]);
    return lines.split("\n").filter(Boolean).sort();
  };
  afterEach(onlyBusybox);

  it("tag on every node that has the image, and show it at once", async () => {
    await succeed(docker, ["tag", "docker.io/library/busybox", "me/app:1"]);
    expect(await images()).to.deep.equal(["busybox:latest", "me/app:1"]);
    expect(await holders("me/app:1")).to.deep.equal(everyNode);
  });

  it("leave alone the nodes that do not have it", async () => {
    const id = await imported(docker, lab().engine("node-2"), "only-here:1");
    await succeed(docker, ["tag", id.slice(7, 19), "also/here:2"]);
    expect(await holders("also/here:2")).to.deep.equal(["node-2"]);
    expect(await images("--filter", "node=node-2")).to.deep.equal([
      "also/here:2",
      "busybox:latest",
      "only-here:1",
    ]);
    expect(await images("--filter", "node=node-1")).to.deep.equal(["busybox:latest"]);
  });

  it("show the names that match a reference, as an engine does", async () => {
    for (const name of ["me/app:1", "me/app:2", "other:1"]) await succeed(docker, ["tag", "busybox", name]);
    for (const [reference, shown] of [
      ["me/app", ["me/app:1", "me/app:2"]],
      ["me/*", ["me/app:1", "me/app:2"]],
      ["*:1", ["other:1"]],
      ["me/app:2", ["me/app:2"]],
      ["nothing", []],
    ] as const) {
      const filter = ["--filter", `reference=${reference}`];
      expect(await images(...filter), reference).to.deep.equal(shown);
      const direct = await succeed(
        (args) => lab().engine("node-3").docker(args),
        ["images", "--format", "{{.Repository}}:{{.Tag}}", ...filter],
      );
      expect(direct.split("\n").filter(Boolean).sort(), reference).to.deep.equal(shown);
    }
  });

  it("show dangling images, and those between two others", async () => {
    await imported(docker, lab().engine("node-1"), "loose:1");
    await lab().engine("node-1").docker(["rmi", "--no-prune", "loose:1"]);
    const id = await imported(docker, lab().engine("node-1"), "loose:1");
    await imported(docker, lab().engine("node-1"), "loose:1"); // takes the name away
    expect(await succeed(docker, ["images", "-q", "--no-trunc", "--filter", "dangling=1"])).to.equal(id);
    expect(await images("--filter", "since=busybox", "--filter", "dangling=False")).to.deep.equal([
      "loose:1",
    ]);
    expect(await images("--filter", "before=loose:1", "--filter", "dangling=False")).to.deep.equal([
      "busybox:latest",
    ]);
  });

  it("remove from every node, and tell each thing once", async () => {
    await succeed(docker, ["tag", "busybox", "gone:1"]);
    expect(await succeed(docker, ["rmi", "gone:1"])).to.equal("Untagged: gone:1");
    expect(await images()).to.deep.equal(["busybox:latest"]);
    expect(await holders("gone:1")).to.deep.equal([]);
    expect(await refused(docker, ["rmi", "gone:1"])).to.deep.equal(["No such image: gone:1"]);
  });

  it("remove by ID, with force where there are several names", async () => {
    const id = await imported(docker, lab().engine("node-2"), "two:1");
    await succeed(docker, ["tag", "two:1", "two:2"]);
    const [conflict] = await refused(docker, ["rmi", id]);
    expect(conflict).to.match(/^node-2: conflict: unable to delete .* \(must be forced\)/);
    const lines = (await succeed(docker, ["rmi", "-f", id])).split("\n");
    expect(lines.slice(0, 3)).to.deep.equal(["Untagged: two:1", "Untagged: two:2", `Deleted: ${id}`]);
  });

  it("say which containers are in the way, and on which nodes", async () => {
    for (const node of everyNode) await placed(docker, "-e", `constraint:node==${node}`);
    const lines = await refused(docker, ["rmi", "busybox"]);
    expect(lines.map((line) => line.split(":")[0])).to.deep.equal(everyNode);
    for (const line of lines) expect(line).to.include("conflict: unable to remove repository reference");
    expect(await holders("busybox")).to.deep.equal(everyNode);
  });

  it("remove where they can, and warn of where they cannot", async () => {
    await succeed(docker, ["tag", "busybox", "used:1"]);
    await succeed(docker, ["create", "-e", "constraint:node==node-2", "used:1"]);
    await lab().engine("node-2").docker(["rmi", "busybox:latest"]); // `used:1` is its last name there
    await eventually("the manager knows that", async () =>
      (await images("--filter", "node=node-2")).every((name) => name === "used:1"),
    );
    const answer = await fetch(`${manager().http}/images/used:1`, { method: "DELETE" });
    expect(answer.status).to.equal(200);
    expect(await answer.json()).to.deep.equal([{ Untagged: "used:1" }]);
    expect(answer.headers.get("warning")).to.match(/^299 swarm "node-2: conflict: /);
    expect(await holders("used:1")).to.deep.equal(["node-2"]);
  });

  it("do without a node that is down", async () => {
    await succeed(docker, ["tag", "busybox", "down:1"]);
    const engine = lab().engine("node-1");
    await engine.kill();
    try {
      expect(await succeed(docker, ["image", "inspect", "--format", "{{.Id}}", "busybox"])).to.equal(
        lab().busyboxId,
      );
      await succeed(docker, ["tag", "busybox", "down:2"]);
      expect(await succeed(docker, ["rmi", "down:1"])).to.equal("Untagged: down:1");
      const answer = await fetch(`${manager().http}/images/down:2`, { method: "DELETE" });
      expect(answer.headers.get("warning")).to.equal(null); // node-1 never got that one
    } finally {
      await engine.recover();
      await manager().untilNodes("all nodes are healthy", (nodes) =>
        nodes.every(({ rows }) => rows.Status === "Healthy"),
      );
    }
  });
});

describe("docker image prune", () => {
  const manager = useManager();
  const docker: Docker = (args, options) => manager().docker(args, options);
  afterEach(onlyBusybox);

  beforeEach(async () => {
    // What a container uses stays.
    for (const node of everyNode) await placed(docker, "-e", `constraint:node==${node}`);
  });

  it("removes what no container uses, from all nodes", async () => {
    const id = await imported(docker, lab().engine("node-2"), "unused:1");
    await succeed(docker, ["tag", "unused:1", "spare:1"]);
    const lines = (await succeed(docker, ["image", "prune", "-af"])).split("\n");
    expect(lines.filter((line) => line.startsWith("untagged")).sort()).to.deep.equal([
      "untagged: spare:1",
      "untagged: unused:1",
    ]);
    expect(lines).to.include(`deleted: ${id}`);
    expect(lines.at(-1)).to.match(/^Total reclaimed space: /);
    expect(await succeed(docker, ["images", "-a", "--format", "{{.Repository}}"])).to.equal("busybox");
    expect(await holders("spare:1")).to.deep.equal([]);
  });

  it("keeps to the nodes a filter names", async () => {
    for (const node of ["node-2", "node-3"]) await imported(docker, lab().engine(node), "spare:1");
    await succeed(docker, ["image", "prune", "-af", "--filter", "node=node-3"]);
    expect(await holders("spare:1")).to.deep.equal(["node-2"]);
  });

  it("is a part of system prune", async () => {
    await imported(docker, lab().engine("node-1"), "unused:1");
    await succeed(docker, ["volume", "create", "spare"]);
    await succeed(docker, ["network", "create", "spare"]);
    for (const node of everyNode) {
      const args = ["run", "-d", "-e", `constraint:node==${node}`, "busybox", "sleep", "1000"];
      await succeed(docker, args);
    }
    const output = await succeed(docker, ["system", "prune", "-af", "--volumes"]);
    for (const part of ["Deleted Containers:", "Deleted Networks:", "Deleted Images:", "untagged: unused:1"])
      expect(output).to.include(part);
    expect(output).to.match(/Total reclaimed space: /);
    expect((await succeed(docker, ["ps", "-aq"])).split("\n")).to.have.length(3);
    expect(await succeed(docker, ["images", "--format", "{{.Repository}}"])).to.equal("busybox");
    expect(await succeed(docker, ["network", "ls", "-q", "--filter", "type=custom"])).to.equal("");
    await docker(["volume", "prune", "-af"]);
  });
});

describe("images of new engines alone", () => {
  const newest = () => lab().engine("node-3");
  const manager = useManager(() => ({ discovery: `nodes://${newest().addr}`, healthyNodes: 1 }));
  const docker: Docker = (args, options) => manager().docker(args, options);
  afterEach(onlyBusybox);

  it("are listed as the engine itself lists them, measured and counted", async () => {
    await succeed(docker, ["tag", "busybox", "me/app:1"]);
    await succeed(docker, ["commit", await succeed(docker, ["create", "busybox"]), "other:1"]);
    for (const version of ["1.41", "1.43", "1.44", "1.47", "1.51"]) {
      for (const query of ["", "?all=1", "?shared-size=1&manifests=1", '?filters={"reference":["me/*"]}']) {
        const path = `/v${version}/images/json${query}`;
        const answer = await fetch(`${manager().http}${path}`);
        const { body } = await newest().api("GET", encodeURI(path));
        // An empty list is one, whatever the version.
        const direct: unknown = JSON.parse(body.replaceAll('"RepoDigests":null', '"RepoDigests":[]'));
        expect(await answer.json(), path).to.deep.equal(direct);
      }
    }
  });

  it("are shown as a tree", async () => {
    const tree = ["image", "ls", "--tree"];
    expect(await succeed(docker, tree)).to.equal(await succeed((args) => newest().docker(args), tree));
  });
});
