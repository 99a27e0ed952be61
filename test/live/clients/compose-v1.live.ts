import { expect } from "chai";
import { composeV1, done, leftovers, tidied } from "../support/compose.ts";
import type { Compose } from "../support/compose.ts";
import { dockerAt, expectSame, succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { needs } from "../support/needs.ts";
import { leavesNothing } from "../support/unused.ts";
import { useManager } from "../support/use-manager.ts";

describe("docker-compose, version 1", () => {
  needs("docker-compose");
  const manager = useManager();
  leavesNothing();

  it("says the same through a manager as to an engine", async () => {
    const direct = tidied(composeV1(lab().engine("node-1").url, "shop"));
    const through = tidied(composeV1(manager().url, "shop"));
    await expectSame({ direct, manager: through }, shopFromUpToDown);
    expect(await leftovers("shop")).to.deep.equal([]);
  });

  it("builds and runs what it built", async () => {
    for (const url of [lab().engine("node-1").url, manager().url]) {
      const compose = composeV1(url, "built");
      await done(compose, "build");
      expect(await done(compose, "run", "--rm", "-T", "greeter")).to.equal("hello from the build");
      await succeed(dockerAt(url), ["rmi", "built-greeter"]);
    }
  });
});

async function shopFromUpToDown(compose: Compose): Promise<void> {
  await done(compose, "up", "-d");
  await done(compose, "ps");
  await done(compose, "exec", "-T", "web", "wget", "-qO-", "http://store");
  await done(compose, "logs");
  await done(compose, "up", "-d", "--scale", "web=2");
  await done(compose, "ps", "-q");
  await done(compose, "run", "--rm", "-T", "--no-deps", "web", "echo", "hello");
  await done(compose, "restart", "web");
  await done(compose, "images");
  await done(compose, "down", "-v");
}
