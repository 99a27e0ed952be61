import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { expect } from "chai";
import { eventually } from "../lab/eventually.ts";
import { Lab } from "../lab/lab.ts";
import type { LabEngine } from "../lab/engine.ts";
import { repositoryRoot } from "../lab/paths.ts";
import { dockerAt, succeed } from "./support/docker-cli.ts";
import { lab } from "./support/fixtures.ts";
import { labTraces } from "./support/machine.ts";

/** Asks an engine for its version with the docker CLI, giving up after three seconds. */
const ask = async (engine: LabEngine) =>
  await engine.docker(["version", "--format", "{{.Server.Version}}"], { timeoutMs: 3000 });
const answers = async (engine: LabEngine) => (await ask(engine)).code === 0;
/** `timeout` ends a command that got no answer at all with this exit code. */
const timedOut = 124;

describe("lab: engines", () => {
  it("are three, each with a name and an ID of its own", async () => {
    const infos = await Promise.all(
      lab().engines.map((engine) => succeed(dockerAt(engine.url), ["info", "--format", "{{.Name}} {{.ID}}"])),
    );
    const [names, ids] = [infos.map((info) => info.split(" ")[0]), infos.map((info) => info.split(" ")[1])];
    expect(names).to.deep.equal(["node-1", "node-2", "node-3"]);
    expect(new Set(ids).size).to.equal(3);
  });

  it("carry the labels they were given", async () => {
    const labels = await succeed(dockerAt(lab().engine("node-1").url), [
      "info",
      "--format",
      "{{json .Labels}}",
    ]);
    expect(JSON.parse(labels)).to.have.members(["region=us-east", "storage=ssd"]);
  });

  it("hold the same busybox image", async () => {
    for (const { url } of lab().engines) {
      const id = await succeed(dockerAt(url), ["image", "inspect", "--format", "{{.Id}}", "busybox"]);
      expect(id).to.equal(lab().busyboxId);
    }
  });

  it("run containers", async () => {
    const outputs = lab().engines.map(({ url }) =>
      succeed(dockerAt(url), ["run", "--rm", "busybox", "echo", "hello"]),
    );
    expect(await Promise.all(outputs)).to.deep.equal(["hello", "hello", "hello"]);
  });

  it("publish ports on their own addresses", async () => {
    for (const { url, ip } of lab().engines) {
      const serve = [
        "run",
        "-d",
        "-p",
        "8080:80",
        "busybox",
        "sh",
        "-c",
        "echo here >index.html && httpd -f",
      ];
      const id = await succeed(dockerAt(url), serve);
      const fetched = async () =>
        await fetch(`http://${ip}:8080/`).then(
          (answer) => answer.text(),
          () => undefined,
        );
      expect(await eventually(`${ip}:8080 serves`, fetched)).to.equal("here\n");
      await succeed(dockerAt(url), ["rm", "-f", id]);
    }
  });
});

describe("lab: faults", () => {
  const engine = () => lab().engine("node-2");
  afterEach(async () => await lab().recover());

  it("a partition swallows every packet until it heals", async () => {
    await engine().partition();
    expect((await ask(engine())).code).to.equal(timedOut);
    await engine().heal();
    expect(await answers(engine())).to.equal(true);
  });

  it("refusing answers at once", async () => {
    await engine().refuse();
    expect((await ask(engine())).stderr).to.match(/Cannot connect to the Docker daemon/);
    await engine().accept();
    expect(await answers(engine())).to.equal(true);
  });

  it("a paused engine accepts connections and says nothing, while its containers serve", async () => {
    const docker = dockerAt(engine().url);
    const id = await succeed(docker, ["run", "-d", "-p", "8080:80", "busybox", "httpd", "-f"]);
    engine().pause();
    expect((await ask(engine())).code).to.equal(timedOut);
    expect((await fetch(`http://${engine().ip}:8080/`)).status).to.equal(404);
    engine().unpause();
    expect(await answers(engine())).to.equal(true);
    await succeed(docker, ["rm", "-f", id]);
  });

  it("a frozen host says nothing, containers included, and goes on where it stopped", async () => {
    const docker = dockerAt(engine().url);
    const id = await succeed(docker, ["run", "-d", "-p", "8080:80", "busybox", "httpd", "-f"]);
    engine().freeze();
    expect((await ask(engine())).code).to.equal(timedOut);
    const silent = await fetch(`http://${engine().ip}:8080/`, { signal: AbortSignal.timeout(1000) }).catch(
      () => "silence",
    );
    expect(silent).to.equal("silence");
    engine().thaw();
    expect(await succeed(docker, ["inspect", "--format", "{{.State.Status}}", id])).to.equal("running");
    await succeed(docker, ["rm", "-f", id]);
  });

  it("a killed engine refuses connections and comes back with its containers", async () => {
    const docker = dockerAt(engine().url);
    const id = await succeed(docker, ["run", "-d", "--stop-timeout", "1", "busybox", "sleep", "1000"]);
    await engine().kill();
    expect((await ask(engine())).stderr).to.match(/Cannot connect to the Docker daemon/);
    await engine().start();
    expect(await succeed(docker, ["inspect", "--format", "{{.State.Status}}", id])).to.equal("exited");
    await succeed(docker, ["rm", id]);
  });

  it("a restarted engine keeps its ID", async () => {
    const id = async () => await succeed(dockerAt(engine().url), ["info", "--format", "{{.ID}}"]);
    const before = await id();
    await engine().restart();
    expect(await id()).to.equal(before);
  });

  it("a power cut ends containers at once; the disk survives it", async () => {
    const docker = dockerAt(engine().url);
    const id = await succeed(docker, ["run", "-d", "busybox", "sh", "-c", "echo kept >/file; sleep 1000"]);
    await eventually(
      "the file is written",
      async () => (await docker(["exec", id, "cat", "/file"])).stdout === "kept\n",
    );
    await engine().cutPower();
    expect(await answers(engine())).to.equal(false);
    await engine().start();
    expect(await succeed(docker, ["inspect", "--format", "{{.State.Status}}", id])).to.equal("exited");
    expect(await succeed(docker, ["cp", `${id}:/file`, "-"])).to.include("kept");
    await succeed(docker, ["rm", id]);
  });
});

describe("lab: clones", () => {
  it("report one engine ID, as machines copied with their identity do", async () => {
    await using twins = await Lab.create({ engines: [{ name: "one" }, { name: "two", cloneOf: "one" }] });
    const infos = twins.engines.map(({ url }) =>
      succeed(dockerAt(url), ["info", "--format", "{{.ID}} {{.Name}}"]),
    );
    const [one, two] = (await Promise.all(infos)).map((info) => info.split(" "));
    expect(one![0]).to.equal(two![0]);
    expect([one![1], two![1]]).to.deep.equal(["one", "two"]);
  });
});

describe("lab: clean-up", () => {
  it("leaves nothing of a lab that was disposed of, and another lab alone", async () => {
    const second = await Lab.create({ engines: [{ name: "node-1" }] });
    await succeed(dockerAt(second.engine("node-1").url), ["run", "-d", "busybox", "sleep", "1000"]);
    second.engine("node-1").freeze();
    expect(await labTraces(second.id)).to.not.be.empty;
    await second.dispose();
    expect(await labTraces(second.id)).to.deep.equal([]);
    expect(await answers(lab().engine("node-1"))).to.equal(true);
  });

  const deaths = { SIGINT: [130, null], SIGTERM: [143, null], SIGKILL: [null, "SIGKILL"] } as const;
  for (const [signal, end] of Object.entries(deaths)) {
    it(`leaves nothing after ${signal} of the process that made the lab`, async () => {
      const program = path.join(repositoryRoot, "test/live/support/doomed-lab.ts");
      const child = spawn(process.execPath, ["--import", "tsx", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = once(child, "exit");
      const id = String((await once(child.stdout, "data"))[0]).trim();
      expect(await labTraces(id)).to.not.be.empty;
      child.kill(signal as NodeJS.Signals);
      expect(await ended).to.deep.equal(end);
      await eventually(`nothing is left of ${id}`, async () => (await labTraces(id)).length === 0);
    });
  }
});
