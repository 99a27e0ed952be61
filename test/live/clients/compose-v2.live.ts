import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { clientConfig } from "../support/client-config.ts";
import type { ClientConfig } from "../support/client-config.ts";
import { composeV2, done, leftovers, projectFile, tidied } from "../support/compose.ts";
import type { Compose } from "../support/compose.ts";
import { expectSame, succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { nodeOf, running } from "../support/placing.ts";
import { leavesNothing } from "../support/unused.ts";
import { useManager } from "../support/use-manager.ts";

describe("docker compose, version 2", () => {
  const manager = useManager();
  leavesNothing();
  let config: ClientConfig;
  before(async () => (config = await clientConfig()));
  after(() => config[Symbol.dispose]());

  for (const name of ["node-1", "node-3"]) {
    it(`says the same through a manager as to an engine (${name})`, async () => {
      const engine = lab().engine(name);
      for (const other of lab().engines) {
        // The emptiest node gets the project.
        if (other !== engine) await running(manager().docker, "-e", `constraint:node==${other.name}`);
      }
      const direct = tidied(composeV2(config, engine.url, "shop"));
      const through = tidied(composeV2(config, manager().url, "shop"));
      await expectSame({ direct, manager: through }, shopFromUpToDown);
      expect(await leftovers("shop")).to.deep.equal([]);
    });
  }

  it("publishes ports at the node's address", async () => {
    const compose = composeV2(config, manager().url, "shop");
    await done(compose, "up", "-d");
    const [ip, port] = (await done(compose, "port", "web", "80")).split(":");
    const node = await nodeOf(manager().docker, "shop-web-1");
    expect(ip).to.equal(lab().engine(node).ip);
    expect(await page(`http://${ip!}:${port!}/`)).to.equal("ready to serve\n");
    await done(compose, "down", "-v");
    expect(await leftovers("shop")).to.deep.equal([]);
  });

  for (const [builder, env] of [
    ["BuildKit", {}],
    ["the classic builder", { DOCKER_BUILDKIT: "0" }],
  ] as const) {
    it(`builds with ${builder} and runs what it built`, async () => {
      for (const url of [lab().engine("node-1").url, manager().url]) {
        const compose = composeV2(config, url, "built");
        const { code, stderr } = await compose(["build"], { env });
        expect(code, stderr).to.equal(0);
        const said = await done(compose, "run", "--rm", "-T", "--pull", "never", "greeter");
        expect(said).to.equal("hello from the build");
        await succeed(config.at(url), ["rmi", "built-greeter"]);
      }
    });
  }

  it("spreads services without a network, and follows the rules in the file", async () => {
    const compose = composeV2(config, manager().url, "spread");
    await done(compose, "up", "-d", "web");
    const names = [1, 2, 3].map((number) => `spread-web-${String(number)}`);
    const nodes = await Promise.all(names.map((container) => nodeOf(manager().docker, container)));
    expect(nodes.sort()).to.deep.equal(["node-1", "node-2", "node-3"]);
    await done(compose, "up", "-d");
    for (const container of ["spread-far-1", "spread-near-1"])
      expect(await nodeOf(manager().docker, container)).to.equal("node-3");
    const pages = await Promise.all(
      names.map(async (container, index) => {
        const address = await done(compose, "port", "--index", String(index + 1), "web", "80");
        const id = await succeed(manager().docker, ["inspect", "--format", "{{.Id}}", container]);
        return (await page(`http://${address}/`)) === `${id.slice(0, 12)}\n`;
      }),
    );
    expect(pages).to.deep.equal([true, true, true]);
    await done(compose, "down");
  });
});

/** Every command a day with Compose has. */
async function shopFromUpToDown(compose: Compose): Promise<void> {
  await done(compose, "up", "-d", "--wait");
  await done(compose, "ps");
  await done(compose, "ps", "--quiet");
  await eventually("both have spoken", async () => {
    return (await compose(["logs"])).stdout.match(/ready to serve/g)?.length === 2;
  });
  await done(compose, "exec", "-T", "web", "wget", "-qO-", "http://store");
  expect((await compose(["exec", "-T", "web", "sh", "-c", "exit 3"])).code).to.equal(3);
  await done(compose, "cp", projectFile("shop"), "store:/tmp/copied");
  await done(compose, "exec", "-T", "store", "cat", "/tmp/copied");
  await done(compose, "up", "-d", "--scale", "web=2");
  await done(compose, "ps", "--format", "{{.Name}} {{.State}} {{.Health}} {{.ExitCode}}", "web");
  await done(compose, "run", "--rm", "-T", "--no-deps", "web", "echo", "hello");
  await done(compose, "stop", "web");
  await done(compose, "start", "web");
  await done(compose, "restart", "store");
  await done(compose, "images");
  await done(compose, "ls");
  await done(compose, "up", "-d", "--force-recreate", "--wait", "web");
  await done(compose, "down", "-v");
}

async function page(url: string): Promise<string> {
  return await eventually(`${url} answers`, async () => {
    return await fetch(url, { signal: AbortSignal.timeout(5000) }).then(
      (answer) => answer.text(),
      () => undefined,
    );
  });
}
