import path from "node:path";
import { expect } from "chai";
import * as compose from "docker-compose";
import { dockerEnvironment } from "../../lab/docker-cli.ts";
import { eventually } from "../../lab/eventually.ts";
import { clientConfig } from "../support/client-config.ts";
import type { ClientConfig } from "../support/client-config.ts";
import { leftovers, projectFile } from "../support/compose.ts";
import { lab } from "../support/fixtures.ts";
import { leavesNothing } from "../support/unused.ts";
import { useManager } from "../support/use-manager.ts";

describe("the npm package docker-compose", () => {
  const manager = useManager();
  leavesNothing();
  let config: ClientConfig;
  before(async () => (config = await clientConfig()));
  after(() => config[Symbol.dispose]());

  it("sees the same through a manager as at an engine", async () => {
    const { url } = lab().engine("node-1");
    const options = (DOCKER_HOST: string) => ({
      cwd: path.dirname(projectFile("shop")),
      config: "shop.yml",
      composeOptions: ["-p", "shop"],
      env: dockerEnvironment({ ...lab().mark, ...config.env, DOCKER_HOST }),
    });
    const direct = await shopFromUpToDown(options(url));
    expect(await shopFromUpToDown(options(manager().url))).to.deep.equal(direct);
    expect(direct).to.deep.equal({
      up: 0,
      services: ["shop-store-1 Up", "shop-web-1 Up"],
      port: [80],
      page: "ready to serve\n",
      exec: 3,
      logs: true,
      scaled: 3,
      run: "hello\n",
      paused: 0,
      down: 0,
    });
    expect(await leftovers("shop")).to.deep.equal([]);
  });
});

async function shopFromUpToDown(options: compose.IDockerComposeOptions): Promise<unknown> {
  const up = await compose.upAll(options);
  const { services } = (await compose.ps(options)).data;
  const web = services.find(({ name }) => name.endsWith("shop-web-1"));
  const { address, port } = (await compose.port("web", 80, options)).data;
  const host = address === "0.0.0.0" ? lab().engine("node-1").ip : address;
  const page = await eventually("the shop is open", () => pageOf(`http://${host}:${String(port)}/`));
  const exec = await compose.exec("web", ["sh", "-c", "exit 3"], options).catch((error: unknown) => error);
  const logs = await compose.logs("store", options);
  await compose.upAll({ ...options, commandOptions: ["--scale", "web=3"] });
  const scaled = (await compose.ps(options)).data.services.filter(({ name }) => name.includes("web"));
  const run = await compose.run("web", ["echo", "hello"], {
    ...options,
    commandOptions: ["--rm", "--no-deps"],
  });
  const paused = await compose.pauseOne("store", options);
  await compose.unpauseOne("store", options);
  const down = await compose.downAll({ ...options, commandOptions: ["-v"] });
  return {
    up: up.exitCode,
    services: services.map(({ name, state }) => `${withoutNode(name)} ${state.split(" ")[0] ?? ""}`).sort(),
    port: [...new Set(web?.ports.map((each) => each.exposed.port))], // an engine publishes it twice
    page,
    exec: (exec as compose.IDockerComposeResult).exitCode,
    logs: logs.out.includes("ready to serve"),
    scaled: scaled.length,
    run: run.out,
    paused: paused.exitCode,
    down: down.exitCode,
  };
}

const withoutNode = (name: string): string => name.replace(/^node-\d\//, "");

async function pageOf(url: string): Promise<string | undefined> {
  return await fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    (answer) => answer.text(),
    () => undefined,
  );
}
