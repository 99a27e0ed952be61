import { expect } from "chai";
import { Lab } from "../../lab/lab.ts";
import { Manager } from "../support/manager.ts";
import { succeed } from "../support/docker-cli.ts";
import { notPlaced, placed } from "../support/placing.ts";

describe("the label containerslots", () => {
  let lab: Lab;
  let manager: Manager;
  before(async () => {
    lab = await Lab.create({ engines: [{ name: "small", labels: { containerslots: "2" } }] });
    manager = await Manager.start(lab);
  });
  after(async () => {
    await manager.stop();
    await lab.dispose();
  });

  it("limits the containers of a node, stopped ones and those of others included", async () => {
    await lab.engine("small").docker(["create", "--name", "foreign", "busybox", "true"]);
    await manager.untilNodes("the manager knows the container", ([node]) =>
      node!.rows.Containers!.startsWith("1 "),
    );
    await placed(manager.docker);
    const lines = await notPlaced(manager.docker);
    expect(lines.slice(0, 2)).to.deep.equal([
      "Unable to find a node that satisfies the following conditions ",
      "[available container slots]",
    ]);
    expect(lines[2]).to.match(/^containerslots: ruled out 1 of 1 node; nearest: small /);
  });

  it("admits containers again when others are removed", async () => {
    await succeed(manager.docker, ["rm", "foreign"]);
    const create = async () => await manager.docker(["create", "busybox", "true"]);
    const results = await Promise.all(Array.from({ length: 5 }, create));
    expect(results.filter(({ code }) => code === 0)).to.have.lengthOf(1);
  });
});
