import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { dockerAt, succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { nodeOf, notPlaced, placed } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

describe("affinities", () => {
  const manager = useManager();
  /** The ID of the container `front`, on node-2, labelled `role=front`. */
  let front: string;
  beforeEach(async () => {
    const flags = ["--name", "front", "--label", "role=front", "-e", "constraint:node==node-2"];
    front = await succeed(manager().docker, ["create", ...flags, "busybox", "true"]);
  });
  const near = async (...affinities: readonly string[]) =>
    await placed(manager().docker, ...affinities.flatMap((text) => ["-e", `affinity:${text}`]));

  // prettier-ignore
  const together = [
    { it: "to a container's name",            given: () => ["container==front"] },
    { it: "to a container's name by glob",    given: () => ["container==fr*t"] },
    { it: "to a container's name by regex",   given: () => ["container==/^fro/"] },
    { it: "to a container's ID",              given: () => [`container==${front}`] },
    { it: "to the beginning of an ID",        given: () => [`container==${front.slice(0, 12)}*`] },
    { it: "to node/name",                     given: () => ["container==node-2/front"] },
    { it: "to a container's label",           given: () => ["role==front"] },
    { it: "to a label by glob",               given: () => ["role==f*"] },
    { it: "that is soft and can be met",      given: () => ["container==~front"] },
    { it: "next to one that says nothing",    given: () => ["image==busybox", "role==front"] },
  ];
  for (const { it: title, given } of together) {
    it(`${title} brings containers together`, async () => {
      expect(await near(...given())).to.equal("node-2");
    });
  }

  // prettier-ignore
  const apart = ["container!=front", "container!=*ron*", "role!=front", "container!=~front", "role!=/^fr/"];
  for (const given of apart) {
    it(`${given} keeps containers apart`, async () => {
      // Even when spread would rather have it there.
      await placed(manager().docker, "-e", "constraint:node==node-1");
      await placed(manager().docker, "-e", "constraint:node==node-1");
      await placed(manager().docker, "-e", "constraint:node==node-3");
      await placed(manager().docker, "-e", "constraint:node==node-3");
      expect(await near(given)).to.be.oneOf(["node-1", "node-3"]);
    });
  }

  it("that is soft and cannot be met is dropped", async () => {
    expect(await near("container==~nobody")).to.be.oneOf(["node-1", "node-3"]);
  });

  it("comes from a label as well", async () => {
    const label = 'com.docker.swarm.affinities=["container==front"]';
    expect(await placed(manager().docker, "--label", label)).to.equal("node-2");
  });

  it("against its own kind puts one container on each node, and refuses the fourth", async () => {
    const create = async (name: string) =>
      await placed(manager().docker, "--name", name, "-e", "affinity:container!=*web*");
    const nodes = [await create("web-1"), await create("web-2"), await create("web-3")];
    expect(nodes).to.have.members(["node-1", "node-2", "node-3"]);
    const lines = await notPlaced(manager().docker, "--name", "web-4", "-e", "affinity:container!=*web*");
    expect(lines.slice(0, 3)).to.deep.equal([
      "Unable to find a node that satisfies the following conditions ",
      "[available container slots]",
      "[container!=*web* (soft=false)]",
    ]);
    expect(lines[3]).to.match(/^affinity: ruled out 3 of 3 nodes; nearest: node-1 /);
  });

  it("between containers that are created at the same time hold as well", async () => {
    const names = ["web-1", "web-2", "web-3"];
    const flags = ["-e", "affinity:container!=*web*", "busybox", "true"];
    await Promise.all(names.map((name) => succeed(manager().docker, ["create", "--name", name, ...flags])));
    const nodes = await Promise.all(names.map((name) => nodeOf(manager().docker, name)));
    expect(nodes).to.have.members(["node-1", "node-2", "node-3"]);
  });

  it("to an image follows it", async () => {
    const direct = dockerAt(lab().engine("node-3").url);
    await succeed(direct, ["tag", "busybox", "only-on-three:v1"]);
    try {
      const known = async () => (await manager().docker(["images", "-q", "only-on-three:v1"])).stdout !== "";
      await eventually("the manager knows the image", known);
      await placed(manager().docker, "-e", "constraint:node==node-3"); // spread would go elsewhere
      expect(await near("image==only-on-three:v1")).to.equal("node-3");
      expect(await near("image==only-on-three")).to.equal("node-3");
      expect(await near("image!=only-on-three*")).to.not.equal("node-3");
    } finally {
      await succeed(direct, ["rmi", "only-on-three:v1"]);
    }
  });
});
