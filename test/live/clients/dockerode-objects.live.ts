import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { expect } from "chai";
import Docker from "dockerode";
import { LabRegistry } from "../../lab/registry.ts";
import { lab } from "../support/fixtures.ts";
import { leavesNothing } from "../support/unused.ts";
import { useManager } from "../support/use-manager.ts";

/** Images, networks and volumes as dockerode sees them: the same things done at an engine and through a manager. */
describe("dockerode, on what containers need", () => {
  const manager = useManager();
  leavesNothing();

  for (const [where, does] of Object.entries({ networks, volumes, builds, transfers })) {
    it(`sees the same ${where} at an engine and through a manager`, async () => {
      const direct = await does(dockerodeAt(lab().engine("node-1").url));
      expect(await does(dockerodeAt(manager().http))).to.deep.equal(direct);
      expect(direct).to.not.be.empty;
    });
  }

  it("pulls, pushes and removes an image with the progress of each", async () => {
    await using registry = await LabRegistry.start(lab(), { login: true });
    const image = await registry.push(lab().engine("node-2"), "tools/web:1");
    const authconfig = {
      username: registry.user,
      password: registry.password,
      serveraddress: registry.address,
    };
    for (const docker of [dockerodeAt(lab().engine("node-1").url), dockerodeAt(manager().http)]) {
      expect(await follow(docker, await docker.pull(image, { authconfig }))).to.not.include("error");
      expect((await docker.listImages({ filters: { reference: [image] } })).length).to.equal(1);
      await docker.getImage(image).tag({ repo: registry.image("tools/again"), tag: "2" });
      const pushed = await docker.getImage(registry.image("tools/again")).push({ tag: "2", authconfig });
      expect(await follow(docker, pushed)).to.match(/2: digest: sha256:/);
      expect(await registry.tags("tools/again")).to.deep.equal(["2"]);
      await docker.getImage(registry.image("tools/again:2")).remove();
      await docker.getImage(image).remove();
      expect(await docker.listImages({ filters: { reference: [image] } })).to.deep.equal([]);
    }
  });

  it("hears why a pull fails", async () => {
    await using registry = await LabRegistry.start(lab());
    const failed = async (docker: Docker) =>
      await docker.pull(registry.image("nosuch")).then(
        (stream) => follow(docker, stream),
        (error: unknown) => String(error),
      );
    for (const url of [lab().engine("node-1").url, manager().http])
      expect(await failed(dockerodeAt(url))).to.match(/manifest.*unknown|not found/);
  });
});

function dockerodeAt(url: string): Docker {
  const { hostname, port } = new URL(url);
  return new Docker({ host: hostname, port, protocol: "http" });
}

async function networks(docker: Docker): Promise<unknown> {
  const network = await docker.createNetwork({ Name: "dk-net", Driver: "bridge", Labels: { a: "b" } });
  const server = await docker.createContainer({ Image: "busybox", name: "dk-server", Cmd: ["httpd", "-f"] });
  await using _removed = remover(server, network);
  await network.connect({ Container: server.id, EndpointConfig: { Aliases: ["shop"] } });
  await server.start();
  const [stream] = [await said(docker, "dk-net", ["wget", "-qO-", "http://shop/nothing"])];
  const joined = (await network.inspect()) as { Containers: object; Labels: object };
  await network.disconnect({ Container: server.id, Force: true });
  const left = (await network.inspect()) as { Containers: object };
  return {
    answer: stream.includes("404 Not Found"),
    labels: joined.Labels,
    joined: Object.keys(joined.Containers).length,
    left: Object.keys(left.Containers).length,
    listed: (await docker.listNetworks({ filters: { name: ["dk-net"] } })).length,
  };
}

async function volumes(docker: Docker): Promise<unknown> {
  await docker.createVolume({ Name: "dk-data", Labels: { a: "b" } });
  const output = await said(docker, "bridge", ["sh", "-c", "echo kept > /data/x; cat /data/x"], "dk-data");
  const { Volumes } = await docker.listVolumes({ filters: { name: ["dk-data"] } });
  await docker.getVolume("dk-data").remove();
  const after = await docker.listVolumes({ filters: { name: ["dk-data"] } });
  return {
    output,
    names: [...new Set(Volumes.map(({ Name }) => bare(Name)))],
    after: (after.Volumes as unknown[] | null) ?? [],
  };
}

/** A build from a context that is made here. */
async function builds(docker: Docker): Promise<unknown> {
  const context = { context: `${import.meta.dirname}/projects/image`, src: ["Dockerfile", "greeting"] };
  const log = await follow(docker, await docker.buildImage(context, { t: "dk/built", rm: true }));
  const output = await said(docker, "bridge", undefined, undefined, "dk/built");
  await docker.getImage("dk/built").remove();
  return { tagged: log.includes("Successfully tagged dk/built:latest"), output };
}

async function transfers(docker: Docker): Promise<unknown> {
  const archive = await docker.getImage("busybox").get();
  const log = await text(await docker.loadImage(archive));
  const history = (await docker.getImage("busybox").history()) as readonly unknown[];
  return { loaded: log.includes("Loaded image: busybox:latest"), history: history.length };
}

/** Reads a stream of progress to its end and gives all lines. */
async function follow(docker: Docker, stream: NodeJS.ReadableStream): Promise<string> {
  const lines = await new Promise<unknown[]>((resolve, reject) => {
    docker.modem.followProgress(stream, (error, output) => (error ? reject(error) : resolve(output)));
  }).catch((error: unknown) => [String(error)]);
  return lines.map((line) => JSON.stringify(line)).join("\n");
}

/** What a container says until it ends. It is removed then. */
async function said(
  docker: Docker,
  NetworkMode: string,
  Cmd?: string[],
  volume?: string,
  Image = "busybox",
): Promise<string> {
  const Binds = volume === undefined ? [] : [`${volume}:/data`];
  const container = await docker.createContainer({
    ...{ Image, Tty: true, HostConfig: { NetworkMode, Binds } },
    ...(Cmd === undefined ? {} : { Cmd }),
  });
  const stream = await container.attach({ stream: true, stdout: true, stderr: true });
  let output = "";
  stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await container.start();
  await finished(stream, { writable: false });
  await container.remove({ force: true });
  return output;
}

/** Removes a container and the network it was on. */
function remover(container: Docker.Container, network: Docker.Network): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await container.remove({ force: true });
      await network.remove();
    },
  };
}

const bare = (name: string): string => name.replace(/^node-\d\//, "");
