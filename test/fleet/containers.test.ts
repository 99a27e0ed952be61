import { expect } from "chai";
import Docker from "dockerode";
import { startSimulatedEngine, type SimulatedEngine } from "../../bench/fleet/index.ts";
import { messageOf, request } from "./request.ts";

describe("fleet/containers", () => {
  let engine: SimulatedEngine;
  let docker: Docker;
  const post = (path: string, body?: unknown) => request(engine.addr, "POST", path, body);
  const create = async (name: string, more: object = {}) => {
    const answer = await post(`/containers/create?name=${name}`, {
      Image: "busybox",
      Cmd: ["sleep", "infinity"],
      ...more,
    });
    expect(answer.status, answer.body).to.equal(201);
    return (JSON.parse(answer.body) as { Id: string }).Id;
  };

  beforeEach(async () => {
    engine = await startSimulatedEngine({ name: "node-1", labels: { region: "us-east" }, cpus: 2 });
    const [host = "", port] = engine.addr.split(":");
    docker = new Docker({ host, port, protocol: "http" });
  });
  afterEach(() => engine.dispose());

  it("tells who it is", async () => {
    const info = (await docker.info()) as Record<string, unknown>;
    expect(info).to.include({ Name: "node-1", NCPU: 2, ID: engine.id, OSType: "linux" });
    expect(info.Labels).to.deep.equal(["region=us-east"]);
    expect(await docker.version()).to.include({ ApiVersion: "1.41", MinAPIVersion: "1.12" });
  });

  it("creates, starts, lists, inspects, stops and removes a container", async () => {
    const id = await create("web", { Labels: { tier: "front" } });
    const container = docker.getContainer("web");
    expect(await docker.listContainers()).to.deep.equal([]);
    await container.start();
    const [entry] = await docker.listContainers({ filters: { label: ["tier=front"] } });
    expect(entry).to.include({ Id: id, State: "running", Image: "busybox" });
    expect(entry?.Names).to.deep.equal(["/web"]);
    expect((await container.inspect()).State).to.include({ Status: "running", Running: true, ExitCode: 0 });
    await container.stop();
    expect((await container.inspect()).State).to.include({ Status: "exited", ExitCode: 143 });
    await container.remove();
    expect(engine.containers.size).to.equal(0);
  });

  it("waits until a container is gone through its command, and keeps what it said", async () => {
    await create("job", { Cmd: ["sh", "-c", "echo out; echo err >&2; exit 3"] });
    const container = docker.getContainer("job");
    const waiting = container.wait({ condition: "next-exit" }) as Promise<{ StatusCode: number }>;
    await container.start();
    expect((await waiting).StatusCode).to.equal(3);
    const logs = await container.logs({ stdout: true, stderr: true });
    expect(logs).to.deep.equal(Buffer.from("\x01\0\0\0\0\0\0\x04out\n\x02\0\0\0\0\0\0\x04err\n"));
    expect(await container.logs({ stderr: true })).to.deep.equal(Buffer.from("\x02\0\0\0\0\0\0\x04err\n"));
  });

  // prettier-ignore
  const refusals = [
    { it: "an unknown image",     call: ["POST", "/containers/create", { Image: "nope" }],              status: 404, text: /^No such image: nope:latest$/ },
    { it: "a name that is taken", call: ["POST", "/containers/create?name=web", { Image: "busybox" }],  status: 409, text: /^Conflict\. The container name "\/web" is already in use by container "[0-9a-f]{64}"\. You have to remove/ },
    { it: "a one-letter name",    call: ["POST", "/containers/create?name=a", { Image: "busybox" }],    status: 400, text: /^Invalid container name \(a\)/ },
    { it: "an unknown container", call: ["GET", "/containers/zz/json"],                                 status: 404, text: /^No such container: zz$/ },
    { it: "killing what is not running", call: ["POST", "/containers/web/kill"],                        status: 409, text: /^Cannot kill container: web: Container [0-9a-f]{64} is not running$/ },
    { it: "exec in what is not running", call: ["POST", "/containers/web/exec", { Cmd: ["true"] }],     status: 409, text: /is not running$/ },
    { it: "an unknown program",   call: ["POST", "/containers/bad/start"],                              status: 400, text: /exec: "bogus": executable file not found in \$PATH/ },
    { it: "an unknown filter",    call: ["GET", `/containers/json?filters=${encodeURIComponent('{"x":["y"]}')}`], status: 400, text: /^Invalid filter 'x'$/ },
    { it: "logs of no stream",    call: ["GET", "/containers/web/logs"],                                status: 400, text: /you must choose at least one stream/ },
    { it: "an unknown route",     call: ["GET", "/nope"],                                               status: 404, text: /^page not found$/ },
  ] as const;
  for (const c of refusals) {
    it(`refuses ${c.it} in the engine's words`, async () => {
      await create("web");
      await create("bad", { Cmd: ["bogus"] });
      const [method, path, body] = c.call;
      const answer = await request(engine.addr, method, path, body);
      expect(answer.status).to.equal(c.status);
      expect(messageOf(answer)).to.match(c.text);
    });
  }

  it("refuses a second container a host port, until the first one stops", async () => {
    const ports = { HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } } };
    await create("one", ports);
    await create("two", ports);
    expect((await post("/containers/one/start")).status).to.equal(204);
    const refused = await post("/containers/two/start");
    expect(refused.status).to.equal(500);
    expect(messageOf(refused)).to.match(
      /^driver failed programming external connectivity on endpoint two \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8080 failed: port is already allocated$/,
    );
    await post("/containers/one/stop");
    expect((await post("/containers/two/start")).status).to.equal(204);
    expect((await docker.getContainer("two").inspect()).NetworkSettings.Ports["80/tcp"]).to.deep.equal([
      { HostIp: "0.0.0.0", HostPort: "8080" },
      { HostIp: "::", HostPort: "8080" },
    ]);
  });

  // prettier-ignore
  const holders = [
    { by: "allocator", text: "Bind for 0.0.0.0:9000 failed: port is already allocated" },
    { by: "process",   text: "listen tcp4 0.0.0.0:9000: bind: address already in use" },
  ] as const;
  for (const { by, text } of holders) {
    it(`refuses a host port held outside Docker's sight (${by})`, async () => {
      engine.holdPort(9000, by);
      await create("web", { HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "9000" }] } } });
      expect(messageOf(await post("/containers/web/start"))).to.include(text);
      engine.releasePort(9000);
      expect((await post("/containers/web/start")).status).to.equal(204);
    });
  }

  it("pauses, renames, updates, and refuses what does not fit the state", async () => {
    await create("web");
    await post("/containers/web/start");
    expect((await post("/containers/web/start")).status).to.equal(304);
    expect((await post("/containers/web/pause")).status).to.equal(204);
    expect(messageOf(await post("/containers/web/pause"))).to.match(/is already paused$/);
    expect((await post("/containers/web/unpause")).status).to.equal(204);
    expect((await post("/containers/web/rename?name=shop")).status).to.equal(204);
    await post("/containers/shop/update", { CpuShares: 512 });
    expect((await docker.getContainer("shop").inspect()).HostConfig.CpuShares).to.equal(512);
    expect((await request(engine.addr, "DELETE", "/containers/shop")).status).to.equal(409);
    expect((await request(engine.addr, "DELETE", "/containers/shop?force=1")).status).to.equal(204);
  });

  it("restarts a container whose policy says so, unless somebody stopped it", async () => {
    await create("svc", { HostConfig: { RestartPolicy: { Name: "always" } } });
    await post("/containers/svc/start");
    engine.exitContainer("svc", 1);
    expect(engine.container("svc").status).to.equal("restarting");
    await post("/containers/svc/stop");
    expect(engine.container("svc").status).to.equal("exited");
  });

  it("copies files in and out", async () => {
    await create("box");
    const { packTar, unpackTar } = await import("../../bench/fleet/files.ts");
    const container = docker.getContainer("box");
    await container.putArchive(packTar([["hello.txt", Buffer.from("hi\n")]]), { path: "/tmp" });
    const chunks: Buffer[] = [];
    for await (const chunk of await container.getArchive({ path: "/tmp/hello.txt" }))
      chunks.push(chunk as Buffer);
    expect(unpackTar(Buffer.concat(chunks))).to.deep.equal([["hello.txt", Buffer.from("hi\n")]]);
  });

  it("pulls what it can get, and refuses the rest", async () => {
    const pulled = await post("/images/create?fromImage=redis&tag=alpine");
    const lines = pulled.body
      .trim()
      .split("\r\n")
      .map((line) => (JSON.parse(line) as { status: string }).status);
    expect(lines.at(0)).to.equal("Pulling from library/redis");
    expect(lines.at(-1)).to.equal("Status: Downloaded newer image for redis:alpine");
    expect((await request(engine.addr, "GET", "/images/redis:alpine/json")).status).to.equal(200);
    expect(messageOf(await post("/images/create?fromImage=redis&tag=9"))).to.match(
      /^manifest for redis:9 not found/,
    );
    expect(messageOf(await post("/images/create?fromImage=nope&tag=1"))).to.match(
      /^pull access denied for nope/,
    );
  });

  it("makes, connects and removes networks; predefined ones stay", async () => {
    await create("web");
    expect((await post("/networks/create", { Name: "n1", CheckDuplicate: true })).status).to.equal(201);
    expect((await post("/networks/create", { Name: "n1", CheckDuplicate: true })).status).to.equal(409);
    expect((await post("/networks/n1/connect", { Container: "web" })).status).to.equal(200);
    const { NetworkSettings } = await docker.getContainer("web").inspect();
    expect(NetworkSettings.Networks).to.have.keys("bridge", "n1");
    expect((await post("/networks/n1/disconnect", { Container: "web" })).status).to.equal(200);
    expect((await request(engine.addr, "DELETE", "/networks/n1")).status).to.equal(204);
    expect((await request(engine.addr, "DELETE", "/networks/bridge")).status).to.equal(403);
  });

  it("makes volumes for binds, and keeps those in use", async () => {
    await create("db", { HostConfig: { Binds: ["data:/var/lib/db"] } });
    const { Volumes } = await docker.listVolumes();
    expect(Volumes.map(({ Name }) => Name)).to.deep.equal(["data"]);
    expect((await request(engine.addr, "DELETE", "/volumes/data")).status).to.equal(409);
    engine.removeContainer("db");
    expect((await request(engine.addr, "DELETE", "/volumes/data")).status).to.equal(204);
  });
});
