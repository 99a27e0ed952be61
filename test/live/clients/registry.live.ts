import { expect } from "chai";
import { LabRegistry } from "../../lab/registry.ts";
import { clientConfig } from "../support/client-config.ts";
import { dockerAt, succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";

describe("the lab's registry", () => {
  it("takes images from one engine and gives them to all", async () => {
    await using registry = await LabRegistry.start(lab());
    const image = await registry.push(lab().engine("node-1"), "tools/web:1");
    expect(image).to.equal(`${registry.address}/tools/web:1`);
    expect(await registry.tags("tools/web")).to.deep.equal(["1"]);
    for (const engine of lab().engines) {
      const docker = dockerAt(engine.url);
      await succeed(docker, ["pull", image]);
      expect(await succeed(docker, ["run", "--rm", image, "echo", "hello"])).to.equal("hello");
      await succeed(docker, ["rmi", image]);
    }
  });

  it("wants a login when told so, and takes the right one only", async () => {
    await using registry = await LabRegistry.start(lab(), { login: true });
    const engine = lab().engine("node-3");
    const image = await registry.push(engine, "secret");
    expect((await engine.docker(["pull", image])).stderr).to.include("no basic auth credentials");
    using config = await clientConfig();
    const docker = config.at(engine.url);
    const login = ["login", "--username", registry.user, "--password-stdin", registry.address];
    expect((await docker(login, { input: "wrong" })).code).to.equal(1);
    await succeed(docker, login, { input: registry.password });
    await succeed(docker, ["pull", image]);
    await succeed(docker, ["rmi", image]);
  });
});

describe("the docker client's plugins", () => {
  it("are found", async () => {
    using config = await clientConfig();
    const docker = config.at(lab().engine("node-1").url);
    expect(await succeed(docker, ["compose", "version"])).to.match(/version v?2\./);
    expect(await succeed(docker, ["buildx", "version"])).to.include("buildx");
  });
});
