import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { packTar } from "../../../bench/fleet/files.ts";
import type { LabEngine } from "../../lab/engine.ts";
import { eventually } from "../../lab/eventually.ts";
import { LabRegistry } from "../../lab/registry.ts";
import { succeed } from "../support/docker-cli.ts";
import { untilStatus, untilStreamsAreGone, clientSockets, watchful } from "../support/faults.ts";
import { lab } from "../support/fixtures.ts";
import type { Manager } from "../support/manager.ts";
import { Session } from "../support/session.ts";
import { useManager } from "../support/use-manager.ts";

const idOf = async (engine: LabEngine, image: string): Promise<string> =>
  (await engine.docker(["images", "-q", "--no-trunc", image])).stdout.trim();

const idsOf = async (image: string): Promise<string[]> =>
  await Promise.all(lab().engines.map((engine) => idOf(engine, image)));

/** Undoes what was done to an engine, and waits until the manager has noticed. */
async function heal(manager: Manager, name: string): Promise<void> {
  await lab().recover();
  await untilStatus(manager, name, "Healthy");
}

async function removeEverywhere(...images: string[]): Promise<void> {
  for (const engine of lab().engines) await engine.docker(["rmi", "-f", ...images]);
}

/** A file with an image of so many bytes of noise, as `docker save` writes it, known to no engine any more. */
async function noiseArchive(tag: string, bytes: number): Promise<string> {
  const engine = lab().engine("node-1");
  const input = packTar([["noise", randomBytes(bytes)]]);
  await succeed((args, options) => engine.docker(args, options), ["import", "-c", "CMD true", "-", tag], {
    input,
  });
  const file = path.join(lab().folder, `${tag.replace(/\W/g, "-")}.tar`);
  await succeed((args) => engine.docker(args), ["save", "-o", file, tag]);
  await engine.docker(["rmi", "-f", tag]);
  return file;
}

describe("docker pull", () => {
  const manager = useManager(watchful);
  let registry: LabRegistry;
  before(async () => {
    registry = await LabRegistry.start(lab());
  });
  after(async () => await registry[Symbol.asyncDispose]());

  it("brings an image to every node, which the next command knows", async () => {
    const image = await registry.push(lab().engine("node-1"), "pulled:1");
    const output = await succeed(manager().docker, ["pull", image]);
    for (const { name } of lab().engines)
      expect(output).to.include(`${name}: Pulling ${image}... : Status: Downloaded newer image for ${image}`);
    const id = await idOf(lab().engine("node-1"), image);
    expect(id).to.match(/^sha256:/);
    expect(await succeed(manager().docker, ["images", "-q", "--no-trunc", image])).to.equal(id);
    expect(new Set(await idsOf(image))).to.deep.equal(new Set([id]));
    await removeEverywhere(image);
  });

  it("fails with the registry's words, and says which nodes", async () => {
    const { code, stdout, stderr } = await manager().docker(["pull", registry.image("nothing:1")]);
    expect(code).to.equal(1);
    expect(stdout).to.match(/node-2: Pulling .*nothing:1\.\.\. : Error response from daemon: manifest/);
    expect(stderr).to.match(/node-1.*: Error response from daemon: manifest for .*not found/);
  });

  it("takes all tags with -a", async () => {
    for (const tag of ["1", "2"]) await registry.push(lab().engine("node-2"), `many:${tag}`);
    await succeed(manager().docker, ["pull", "-a", registry.image("many")]);
    for (const tag of ["1", "2"]) {
      expect(await idsOf(registry.image(`many:${tag}`))).to.not.include("");
      await removeEverywhere(registry.image(`many:${tag}`));
    }
  });

  it("finishes on the others when an engine is killed in the middle", async () => {
    // node-2 cannot get anything from the registry: its pull stands still until the engine dies.
    const image = await registry.push(lab().engine("node-1"), "half:1");
    const [host = "", port = ""] = registry.address.split(":");
    const drop = ["-p", "tcp", "-d", host, "--dport", port, "-j", "DROP"];
    const victim = lab().engine("node-2");
    await victim.host.exec("iptables", "-w", "10", "-I", "OUTPUT", ...drop);
    try {
      await using session = Session.start(manager().url, ["pull", image]);
      await session.until(
        /node-1: .*Status: Downloaded[^]*node-3: .*Status: Downloaded|node-3: .*Status: Downloaded[^]*node-1: .*Status: Downloaded/,
      );
      await victim.kill();
      expect(await session.exitCode()).to.equal(1);
      expect(session.errors).to.match(/node-2: Cannot connect to the Docker daemon/);
    } finally {
      await victim.host.exec("iptables", "-w", "10", "-D", "OUTPUT", ...drop);
      await heal(manager(), "node-2");
    }
    const [first, , third] = await idsOf(image);
    expect(first)
      .to.match(/^sha256:/)
      .and.equal(third);
    await removeEverywhere(image);
  });

  it("skips a node that is down, and succeeds", async () => {
    const image = await registry.push(lab().engine("node-1"), "without:1");
    await lab().engine("node-3").refuse();
    try {
      await untilStatus(manager(), "node-3", "Unhealthy");
      const output = await succeed(manager().docker, ["pull", image]);
      expect(output).to.include(`node-3: Pulling ${image}... : skipped, the node is Unhealthy`);
    } finally {
      await heal(manager(), "node-3");
    }
    await removeEverywhere(image);
  });

  it("ends on the engines when the client is interrupted", async () => {
    const image = await registry.push(lab().engine("node-1"), "left:1");
    const [host = "", port = ""] = registry.address.split(":");
    const drop = ["-p", "tcp", "-d", host, "--dport", port, "-j", "DROP"];
    const { host: machine } = lab().engine("node-2");
    const clients = await clientSockets(manager(), lab());
    await machine.exec("iptables", "-w", "10", "-I", "OUTPUT", ...drop);
    try {
      await using session = Session.start(manager().url, ["pull", image]);
      await session.until("node-2: Pulling");
      await session.kill();
      await untilStreamsAreGone(manager(), lab(), clients);
    } finally {
      await machine.exec("iptables", "-w", "10", "-D", "OUTPUT", ...drop);
    }
    await removeEverywhere(image);
  });
});

describe("docker load and save", () => {
  const manager = useManager(watchful);
  const tag = "noise:1";
  let file: string;
  before(async () => {
    file = await noiseArchive(tag, 60_000_000);
  });
  afterEach(async () => await removeEverywhere(tag));

  it("brings an archive to every node", async () => {
    const output = await succeed(manager().docker, ["load", "-i", file]);
    for (const { name } of lab().engines) expect(output).to.include(`${name}: Loaded image: ${tag}`);
    const ids = await idsOf(tag);
    expect(ids[0]).to.match(/^sha256:/);
    expect(new Set(ids).size).to.equal(1);
    expect(await succeed(manager().docker, ["images", "-q", "--no-trunc", tag])).to.equal(ids[0]);
  });

  it("brings a compressed one from standard input, quietly", async () => {
    const compressed = `${file}.gz`;
    if (!existsSync(compressed)) writeFileSync(compressed, gzipSync(readFileSync(file), { level: 1 }));
    const output = await succeed(manager().docker, ["load", "-q"], { input: readFileSync(compressed) });
    expect(output.split("\n").filter((line) => line.includes(`Loaded image: ${tag}`))).to.have.length(3);
    expect(output).to.not.include("Loading layer");
    expect(await idsOf(tag)).to.not.include("");
  });

  it("saves what it can load again", async () => {
    await lab().engine("node-3").docker(["load", "-i", file]);
    const [, , id] = await idsOf(tag);
    await eventually(
      "the manager knows the image",
      async () => (await manager().docker(["images", "-q", tag])).stdout !== "",
    );
    const saved = path.join(lab().folder, "saved.tar");
    await succeed(manager().docker, ["save", "-o", saved, tag]);
    expect(statSync(saved).size).to.be.above(60_000_000);
    await removeEverywhere(tag);
    await succeed(manager().docker, ["load", "-i", saved]);
    expect(new Set(await idsOf(tag))).to.deep.equal(new Set([id]));
  });

  it("saves several images of one node in one archive, and says when no node has them all", async () => {
    await lab().engine("node-2").docker(["tag", "busybox", tag]);
    await eventually(
      "the manager knows the tag",
      async () => (await manager().docker(["images", "-q", tag])).stdout !== "",
    );
    const saved = path.join(lab().folder, "both.tar");
    await succeed(manager().docker, ["save", "-o", saved, tag, "busybox:latest"]);
    expect(readFileSync(saved).includes(tag)).to.equal(true);
    const { code, stderr } = await manager().docker(["save", "-o", saved, tag, "nothing"]);
    expect([code, stderr]).to.satisfy(
      ([c, text]: [number, string]) => c === 1 && text.includes("containing all images: [noise:1 nothing]"),
    );
  });

  it("finishes on the others when an engine is killed in the middle of the upload", async () => {
    const upload = beginUpload(manager().http, readFileSync(file));
    const victim = lab().engine("node-2");
    await upload.half;
    try {
      await victim.kill();
      upload.finish();
      const answer = await upload.answer;
      const closing = JSON.parse(answer.trim().split("\n").at(-1) ?? "") as { readonly error?: string };
      expect(closing.error).to.match(/^node-2: Cannot connect to the Docker daemon/);
    } finally {
      await heal(manager(), "node-2");
    }
    const [first, , third] = await idsOf(tag);
    expect(first)
      .to.match(/^sha256:/)
      .and.equal(third);
  });

  it("does not wait for ever for an engine that froze in the middle of the upload", async () => {
    const upload = beginUpload(manager().http, readFileSync(file));
    await upload.half;
    try {
      lab().engine("node-2").freeze();
      upload.finish();
      const answer = await upload.answer;
      expect(answer).to.include(`Loaded image: ${tag}`);
      const closing = JSON.parse(answer.trim().split("\n").at(-1) ?? "") as { readonly error?: string };
      expect(closing.error).to.match(/^node-2: /);
    } finally {
      await heal(manager(), "node-2");
    }
    const [first, second, third] = await idsOf(tag);
    expect(first)
      .to.match(/^sha256:/)
      .and.equal(third);
    expect(second, "a part of the archive is no image").to.equal("");
  });

  it("leaves nothing behind when the client is cut off in the middle", async () => {
    const before = await clientSockets(manager(), lab());
    const upload = beginUpload(manager().http, readFileSync(file));
    await upload.half;
    upload.destroy();
    await untilStreamsAreGone(manager(), lab(), before);
    expect(await idsOf(tag)).to.deep.equal(["", "", ""]);
    expect((await succeed(manager().docker, ["load", "-i", file])).match(/Loaded image/g)).to.have.length(3);
  });
});

describe("docker import", () => {
  const manager = useManager();
  afterEach(async () => await removeEverywhere("imported:1"));

  it("makes an image on every node, with the changes asked for", async () => {
    const input = packTar([["hello", Buffer.from("world")]]);
    const args = ["import", "-m", "made here", "-c", "CMD /hello", "-", "imported:1"];
    const output = await succeed(manager().docker, args, { input });
    const ids = await idsOf("imported:1");
    for (const [at, { name }] of lab().engines.entries())
      expect(output).to.include(`${name}: ${ids[at] ?? ""}`);
    for (const engine of lab().engines) {
      const { stdout } = await engine.docker(["image", "inspect", "imported:1"]);
      const [image] = JSON.parse(stdout) as { Comment: string; Config: { Cmd: string[] } }[];
      expect(image).to.deep.include({ Comment: "made here" });
      expect(image?.Config.Cmd).to.deep.equal(["/bin/sh", "-c", "/hello"]);
    }
  });
});

/** A load that stops half-way until it is told what to do. */
function beginUpload(url: string, bytes: Buffer) {
  const call = request(`${url}/images/load?quiet=1`, { method: "POST", agent: false });
  const answer = new Promise<string>((resolve, reject) => {
    let text = "";
    call.on("response", (response) => {
      response.on("data", (chunk: Buffer) => (text += chunk.toString()));
      response.on("end", () => resolve(text));
      response.on("error", reject);
    });
    call.on("error", reject);
  });
  answer.catch(() => undefined);
  const middle = bytes.length >> 1;
  const half = new Promise<void>((resolve) => call.write(bytes.subarray(0, middle), () => resolve()));
  return {
    answer,
    half,
    finish: () => void call.end(bytes.subarray(middle)),
    destroy: () => void call.destroy(),
  };
}
