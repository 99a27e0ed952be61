import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { LabRegistry } from "../../lab/registry.ts";
import { clientConfig } from "../support/client-config.ts";
import type { ClientConfig } from "../support/client-config.ts";
import { succeed } from "../support/docker-cli.ts";
import type { Docker } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { onlyBusybox } from "../support/only-busybox.ts";
import { refused } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

/** The header as the docker client sends it: URL-safe, but padded; engines ignore any other. */
const registryAuth = (credentials: object): string =>
  Buffer.from(JSON.stringify(credentials)).toString("base64").replaceAll("+", "-").replaceAll("/", "_");

describe("a registry behind the cluster", () => {
  const manager = useManager();
  let registry: LabRegistry;
  let config: ClientConfig;
  let docker: Docker;
  beforeEach(async () => {
    registry = await LabRegistry.start(lab(), { login: true });
    config = await clientConfig();
    docker = config.at(manager().url);
  });
  afterEach(async () => {
    config[Symbol.dispose]();
    await onlyBusybox();
    await registry[Symbol.asyncDispose]();
  });
  const login = async (password: string) =>
    await docker(["login", "-u", registry.user, "--password-stdin", registry.address], {
      input: Buffer.from(password),
    });

  it("takes logins, and refuses wrong ones", async () => {
    const wrong = await login("wrong");
    expect(wrong.code).to.equal(1);
    expect(wrong.stderr).to.include("401 Unauthorized");
    const right = await login(registry.password);
    expect([right.code, right.stdout.trim()], right.stderr).to.deep.equal([0, "Login Succeeded"]);
  });

  it("gets what is pushed, from a node that has it", async () => {
    const image = registry.image("tools/bb:1");
    await lab().engine("node-2").docker(["tag", "busybox", image]);
    await eventually(
      "the manager knows the image",
      async () => (await succeed(docker, ["images", "-q", image])) !== "",
    );
    const [reason = ""] = (await refused(docker, ["push", image])).slice(-1);
    expect(reason).to.match(/no basic auth credentials|unauthorized|denied/);
    await login(registry.password);
    const output = await succeed(docker, ["push", image]);
    expect(output).to.match(/^1: digest: sha256:[0-9a-f]{64} size: \d+$/m);
    expect(await registry.tags("tools/bb")).to.deep.equal(["1"]);
    const digests = await succeed(docker, [
      "images",
      "--digests",
      "--format",
      "{{.Digest}}",
      registry.image("tools/bb"),
    ]);
    expect(output).to.include(digests);
  });

  it("gets all tags of the node that has most", async () => {
    await login(registry.password);
    const [one, two] = [registry.image("tools/bb:1"), registry.image("tools/bb:2")];
    await succeed(docker, ["tag", "busybox", one]);
    await lab().engine("node-3").docker(["tag", "busybox", two]);
    await eventually(
      "the manager knows the image",
      async () => (await succeed(docker, ["images", "-q", two])) !== "",
    );
    await succeed(docker, ["push", "-q", "-a", registry.image("tools/bb")]);
    expect([...(await registry.tags("tools/bb"))].sort()).to.deep.equal(["1", "2"]);
  });

  it("is asked by any engine", async () => {
    const image = await registry.push(lab().engine("node-1"), "tools/web:1");
    const ask = async (credentials: object) =>
      await fetch(`${manager().http}/distribution/${image}/json`, {
        headers: { "X-Registry-Auth": registryAuth({ ...credentials, serveraddress: registry.address }) },
      });
    const known = await ask({ username: registry.user, password: registry.password });
    expect(known.status).to.equal(200);
    const { Descriptor } = (await known.json()) as { Descriptor: { digest: string } };
    expect(Descriptor.digest).to.match(/^sha256:[0-9a-f]{64}$/);
    expect((await ask({})).status).to.be.greaterThan(400);
    expect((await docker(["search", `${registry.address}/web`])).stderr).to.include("404"); // it has no search
  });
});
