import { expect } from "chai";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { notPlaced, placed } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

describe("--cluster-opt swarm.rules=modern", () => {
  const manager = useManager({ args: ["--cluster-opt", "swarm.rules=modern"] });
  const onOne = ["-e", "constraint:node==node-1"];

  it("tells protocols apart", async () => {
    await placed(manager().docker, "-p", "8085:80/udp", ...onOne);
    await placed(manager().docker, "-p", "8085:80/tcp", ...onOne);
    expect((await notPlaced(manager().docker, "-p", "8085:80/tcp", ...onOne))[1]).to.equal(
      "[port 8085 (Bridge mode)]",
    );
  });

  it("knows a node by its bare engine ID", async () => {
    const id = (await lab().engine("node-2").docker(["info", "--format", "{{.ID}}"])).stdout.trim();
    expect(await placed(manager().docker, "-e", `constraint:node==${id}`)).to.equal("node-2");
  });

  it("knows a container by its short ID", async () => {
    const front = await succeed(manager().docker, [
      "create",
      "-e",
      "constraint:node==node-3",
      "busybox",
      "true",
    ]);
    expect(await placed(manager().docker, "-e", `affinity:container==${front.slice(0, 12)}`)).to.equal(
      "node-3",
    );
  });
});

describe("the classic rules", () => {
  const manager = useManager();

  it("do not tell protocols apart", async () => {
    await placed(manager().docker, "-p", "8085:80/udp", "-e", "constraint:node==node-1");
    const flags = ["-p", "8085:80/tcp", "-e", "constraint:node==node-1"];
    expect((await notPlaced(manager().docker, ...flags))[1]).to.equal("[port 8085 (Bridge mode)]");
  });
});
