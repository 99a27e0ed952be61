import { expect } from "chai";
import { clientConfig } from "../support/client-config.ts";
import { composeV2, done, leftovers } from "../support/compose.ts";
import { nodeOf } from "../support/placing.ts";
import { leavesNothing } from "../support/unused.ts";
import { useManager } from "../support/use-manager.ts";

describe("docker compose, with a volume that services share", () => {
  const manager = useManager();
  leavesNothing();

  it("brings them to one node, though it creates them at the same moment", async () => {
    using config = await clientConfig();
    const compose = composeV2(config, manager().url, "shared");
    await done(compose, "up", "-d");
    const names = ["one", "two", "three"].map((service) => `shared-${service}-1`);
    const nodes = await Promise.all(names.map((name) => nodeOf(manager().docker, name)));
    expect(new Set(nodes).size, nodes.join()).to.equal(1);
    await done(compose, "down", "-v");
    expect(await leftovers("shared")).to.deep.equal([]);
  });
});
