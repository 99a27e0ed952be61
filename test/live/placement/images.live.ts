import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import type { LabEngine } from "../../lab/engine.ts";
import { succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { nodeOf, placed, refused } from "../support/placing.ts";
import { Registry } from "../support/registry.ts";
import { useManager } from "../support/use-manager.ts";

const imagesOf = async (engine: LabEngine, name: string) =>
  (await engine.docker(["images", "-q", name])).stdout.split("\n").filter(Boolean);

/** The header as the docker client sends it: URL-safe, but padded; engines ignore any other. */
function registryAuth(username: string, password: string, serveraddress: string): string {
  const json = JSON.stringify({ username, password, serveraddress });
  return Buffer.from(json).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

describe("an image that only one engine has, and that is not copied", () => {
  const manager = useManager({ args: ["--cluster-opt", "swarm.followimage=never"] });
  const holder = () => lab().engine("node-2");
  let registry: Registry;
  /** No registry has it. */
  let tag: string;
  /** 64 hex digits. */
  let id: string;

  before(async () => {
    registry = await Registry.start(lab());
    tag = registry.image("missing/only-here:v1");
    const options = { input: Buffer.alloc(10_240) };
    id = (await holder().docker(["import", "-c", "CMD true", "-", tag], options)).stdout.trim().slice(7);
    await eventually("the manager knows the image", async () =>
      (await manager().docker(["images", "-q", "--no-trunc", tag])).stdout.includes(id),
    );
  });
  after(async () => {
    await holder().docker(["rmi", "-f", id]);
    await registry[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    // Spread alone would go elsewhere.
    for (const _ of [1, 2]) await placed(manager().docker, "-e", "constraint:node==node-2");
  });

  it("draws a container there once no registry has it", async () => {
    const made = await succeed(manager().docker, ["create", tag]);
    expect(await nodeOf(manager().docker, made)).to.equal("node-2");
    expect(registry.pulls.map(({ from }) => from)).to.not.include(holder().ip);
  });

  it("draws a container there as well when the registry cannot be asked", async () => {
    const unreachable = `${lab().network.gateway}:1/only-here:v1`;
    await holder().docker(["tag", id, unreachable]);
    const known = async () => (await manager().docker(["images", "-q", unreachable])).stdout !== "";
    await eventually("the manager knows the image", known);
    const made = await succeed(manager().docker, ["create", unreachable]);
    expect(await nodeOf(manager().docker, made)).to.equal("node-2");
    await holder().docker(["rmi", unreachable]);
  });

  it("does not overrule a constraint on another node", async () => {
    const lines = await refused(manager().docker, ["create", "-e", "constraint:node==node-1", tag]);
    expect(lines.join("\n")).to.match(/manifest .*unknown|not found/);
  });

  for (const [how, reference] of [
    ["its short ID", () => id.slice(0, 12)],
    ["its full ID", () => `sha256:${id}`],
    ["64 digits", () => id],
  ] as const) {
    it(`is found by ${how} at once`, async () => {
      const made = await succeed(manager().docker, ["create", reference()]);
      expect(await nodeOf(manager().docker, made)).to.equal("node-2");
    });
  }
});

describe("an image that no engine has", () => {
  const manager = useManager();
  let registry: Registry;
  beforeEach(async () => {
    registry = await Registry.start(lab());
  });
  afterEach(async () => {
    const remove = async (engine: LabEngine) => await engine.docker(["rmi", "-f", registry.image("app:v1")]);
    await Promise.all(lab().engines.map(remove));
    await registry[Symbol.asyncDispose]();
  });

  it("is pulled on the chosen node, and only there", async () => {
    const image = registry.image("app:v1");
    const made = await succeed(manager().docker, ["create", "-e", "constraint:node==node-2", image]);
    expect(await nodeOf(manager().docker, made)).to.equal("node-2");
    const counts = await Promise.all(lab().engines.map((engine) => imagesOf(engine, image)));
    expect(counts.map(({ length }) => length)).to.deep.equal([0, 1, 0]);
    expect(new Set(registry.pulls.map(({ from }) => from))).to.deep.equal(
      new Set([lab().engine("node-2").ip]),
    );
  });

  it("and no registry either is an error, after one attempt", async () => {
    const { code, stderr } = await manager().docker(["run", registry.image("missing:v1")]);
    expect(code).to.equal(125);
    expect(stderr).to.match(/manifest .*unknown/);
    expect(new Set(registry.pulls.map(({ from }) => from)).size).to.equal(1);
    expect(await succeed(manager().docker, ["ps", "-aq"])).to.equal("");
  });

  it("is pulled with the client's credentials", async () => {
    await using guarded = await Registry.start(lab(), "user:secret");
    const image = guarded.image("app:v1");
    const lines = await refused(manager().docker, ["create", image]);
    expect(lines.join("\n")).to.match(/no basic auth credentials|authentication required|unauthorized/i);
    const answer = await fetch(`${manager().http}/containers/create`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-Registry-Auth": registryAuth("user", "secret", guarded.address),
      },
      body: JSON.stringify({ Image: image }),
    });
    const made = (await answer.json()) as { Id: string };
    expect(answer.status, JSON.stringify(made)).to.equal(201);
    const node = lab().engine(await nodeOf(manager().docker, made.Id));
    expect(guarded.pulls.some(({ user, from }) => user === "user" && from === node.ip)).to.equal(true);
    await succeed(manager().docker, ["rm", made.Id]);
    await node.docker(["rmi", "-f", image]);
  });
});
