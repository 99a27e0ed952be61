import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { must, run } from "../../lab/command.ts";
import { dockerEnvironment } from "../../lab/docker-cli.ts";
import { dockerAt, succeed } from "../support/docker-cli.ts";
import { lab } from "../support/fixtures.ts";
import { nodeOf, running } from "../support/placing.ts";
import { useManager } from "../support/use-manager.ts";

describe("files of a container", () => {
  const manager = useManager();
  const ask = async (...args: string[]) => await succeed(manager().docker, args);
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), "swarm-live-"));
    await running(manager().docker, "--name", "box");
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const here = (...parts: string[]) => path.join(folder, ...parts);

  it("docker cp copies a file in and out", async () => {
    writeFileSync(here("in"), "content\n");
    await ask("cp", here("in"), "box:/tmp/there");
    expect(await ask("exec", "box", "cat", "/tmp/there")).to.equal("content");
    await ask("cp", "box:/tmp/there", here("out"));
    expect(readFileSync(here("out"), "utf8")).to.equal("content\n");
  });

  it("docker cp copies folders in and out", async () => {
    mkdirSync(here("tree", "deep"), { recursive: true });
    writeFileSync(here("tree", "deep", "file"), "leaf");
    writeFileSync(here("tree", "empty"), "");
    await ask("cp", here("tree"), "box:/tmp");
    expect(await ask("exec", "box", "sh", "-c", "cd /tmp && find tree | sort")).to.equal(
      ["tree", "tree/deep", "tree/deep/file", "tree/empty"].join("\n"),
    );
    await ask("cp", "box:/tmp/tree", here("back"));
    expect(readFileSync(here("back", "deep", "file"), "utf8")).to.equal("leaf");
  });

  it("docker cp reads a tar from standard input and writes one to standard output", async () => {
    writeFileSync(here("file"), "packed");
    await must("tar", ["-C", folder, "-cf", here("in.tar"), "file"]);
    await succeed(manager().docker, ["cp", "-", "box:/tmp"], { input: readFileSync(here("in.tar")) });
    expect(await ask("exec", "box", "cat", "/tmp/file")).to.equal("packed");
    const line = 'docker -H "$1" cp box:/tmp/file - | tar -xOf -';
    expect(await must("sh", ["-c", line, "sh", manager().url], { env: dockerEnvironment() })).to.equal(
      "packed",
    );
  });

  it("docker cp works with a stopped container and with node/name", async () => {
    writeFileSync(here("in"), "still");
    const name = await ask("ps", "--format", "{{.Names}}");
    await ask("stop", "-t", "0", "box");
    await ask("cp", here("in"), `${name}:/file`);
    await ask("cp", `${name}:/file`, here("out"));
    expect(readFileSync(here("out"), "utf8")).to.equal("still");
  });

  it("docker cp of something that is not there says what an engine says", async () => {
    const { url } = lab().engine(await nodeOf(manager().docker, "box"));
    const id = await ask("ps", "-q", "--no-trunc"); // engines are asked by ID, and repeat it
    const cp = ["cp", `${id}:/nosuch`, here("out")];
    expect(await manager().docker(cp)).to.deep.equal(await dockerAt(url)(cp));
  });

  it("HEAD of the archive tells what it is", async () => {
    const url = `${manager().http}/containers/box/archive?path=/etc/passwd`;
    const answer = await fetch(url, { method: "HEAD" });
    expect(answer.status).to.equal(200);
    const stat = answer.headers.get("X-Docker-Container-Path-Stat");
    expect(JSON.parse(Buffer.from(stat!, "base64").toString())).to.include({
      name: "passwd",
      linkTarget: "",
    });
    const missing = await fetch(url.replace("passwd", "nosuch"), { method: "HEAD" });
    expect(missing.status).to.equal(404);
  });

  it("docker export gives the whole file system", async () => {
    await ask("exec", "box", "sh", "-c", "echo here >/mark");
    const line = 'docker -H "$1" export box | tar -xOf - mark';
    const { stdout } = await run("sh", ["-c", line, "sh", manager().url], { env: dockerEnvironment() });
    expect(stdout).to.equal("here\n");
    await ask("export", "-o", here("all.tar"), "box");
    expect(await must("tar", ["-tf", here("all.tar")])).to.match(/^bin\/busybox$/m);
  });

  it("docker diff lists what changed", async () => {
    await ask("exec", "box", "touch", "/new");
    expect((await ask("diff", "box")).split("\n")).to.include("A /new");
  });

  describe("docker commit", () => {
    /** Of a registry that refuses at once: the nodes that lack the image try there first. */
    const image = "127.0.0.1:1/committed:1";
    afterEach(async () => {
      for (const { url } of lab().engines) await dockerAt(url)(["rmi", "-f", image]);
    });

    it("makes an image on the container's node, and a run of it lands there", async () => {
      const node = await nodeOf(manager().docker, "box");
      await ask("exec", "box", "sh", "-c", "echo kept >/mark");
      const id = await ask("commit", "-m", "a message", "-c", "CMD cat /mark", "box", image);
      expect(id).to.match(/^sha256:[0-9a-f]{64}$/);
      expect(await ask("images", "-q", "--no-trunc", image)).to.equal(id);
      for (let turn = 0; turn < 2; turn++) {
        const name = `copy-${String(turn)}`;
        expect(await ask("run", "--name", name, image)).to.equal("kept");
        expect(await nodeOf(manager().docker, name)).to.equal(node);
      }
    });

    it("knows the container from a repository of the same name", async () => {
      await ask("rename", "box", "committed");
      await ask("commit", "committed", image);
      expect(await ask("images", "-q", image)).to.not.equal("");
    });
  });
});
