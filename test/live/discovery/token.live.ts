import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { eventually } from "../../lab/eventually.ts";
import { freePort } from "../../lab/free-port.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { lab } from "../support/fixtures.ts";
import { Manager } from "../support/manager.ts";
import { Program, swarm } from "./token-programs.ts";

const notice = "Token based discovery is now deprecated and might be removed in the future.\n";
const health = /"Listening for HTTP"/;

describe("a cluster of our own token service", () => {
  let folder: string, url: string, token: string, uri: string;
  let service: Program;
  let manager: Manager | undefined;
  const agents = new Map<string, Program>();

  const startService = () =>
    new Program(["discovery-service", "-H", url.slice("http://".length), "--data-dir", folder]);
  const join = (engine: string) =>
    new Program(["join", "--advertise", lab().engine(engine).addr, "--heartbeat", "1s", "--ttl", "4s", uri]);
  const addresses = (...names: readonly string[]) => names.map((name) => lab().engine(name).addr).sort();
  const listed = async () => {
    const answer = await fetch(`${url}/v1/clusters/${token}`, { signal: AbortSignal.timeout(5000) });
    return (await answer.json()) as string[];
  };
  const names = async () => (await manager!.nodes()).map(({ name }) => name).sort();

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "swarm-live-"));
    url = `http://127.0.0.1:${await freePort("127.0.0.1")}`;
    service = startService();
    await service.until(health);
  });
  after(async () => {
    await manager?.stop();
    for (const program of [...agents.values(), service]) await program[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  it("begins with a token", async () => {
    const { code, stdout, stderr } = await swarm(["create", "--service", `${url}/v1`]);
    expect([code, stdout.length, stderr.startsWith(notice)]).to.deep.equal([0, 33, true]);
    token = stdout.trim();
    uri = `token://${url.slice("http://".length)}/${token}`;
    expect(await listed()).to.deep.equal([]);
  });

  it("has the engines whose agents joined, one by one", async () => {
    for (const name of ["node-1", "node-2", "node-3"]) agents.set(name, join(name));
    manager = await Manager.start(lab(), { args: ["--heartbeat", "1s"], discovery: uri });
    expect(await names()).to.deep.equal(["node-1", "node-2", "node-3"]);
    expect(await listed()).to.deep.equal(addresses("node-1", "node-2", "node-3"));
    expect(manager.logs).to.not.include(token);
  });

  it("is listed, with the service in the URI or in the environment", async () => {
    const inUri = swarm(["list", uri]);
    const inEnvironment = swarm(["list", `token://${token}`], { SWARM_DISCOVERY_SERVICE: `${url}/v1` });
    const all = addresses("node-1", "node-2", "node-3")
      .map((address) => `${address}\n`)
      .join("");
    expect(await inUri).to.include({ code: 0, stdout: all });
    expect(await inEnvironment).to.include({ code: 0, stdout: all });
  });

  it("survives its service, which remembers it", async () => {
    await service.end("SIGKILL");
    await eventually("the manager says so", () =>
      /Discovery error: Get .*connection refused/.test(manager!.logs),
    );
    expect(await names()).to.deep.equal(["node-1", "node-2", "node-3"]);
    service = startService();
    await service.until(health);
    expect(await listed()).to.deep.equal(addresses("node-1", "node-2", "node-3"));
    expect(service.logs).to.match(/"clusters":1,"entries":3/);
  });

  it("loses an engine whose agent is killed, when its time is over", async () => {
    await agents.get("node-2")!.end("SIGKILL");
    await eventually("the entry has expired", async () => (await listed()).length === 2);
    expect(await listed()).to.deep.equal(addresses("node-1", "node-3"));
    expect(service.logs).to.include('"entry expired"');
    await manager!.untilNodes("node-2 is gone", (nodes) => nodes.length === 2);
    expect(await names()).to.deep.equal(["node-1", "node-3"]);
  });

  it("loses an engine at once whose agent ends", async () => {
    expect(await agents.get("node-3")!.end("SIGTERM")).to.equal(0);
    expect(await listed()).to.deep.equal(addresses("node-1"));
    expect(service.logs).to.include('"entry removed"');
  });

  it("works over https with an authority of one's own", async () => {
    const authority = await TestAuthority.create();
    const { ca, cert, key } = await authority.write(path.join(folder, "tls"), {
      cn: "hub",
      sans: ["127.0.0.1"],
    });
    const place = `127.0.0.1:${await freePort("127.0.0.1")}`;
    const words = ["discovery-service", "-H", place, "--data-dir", path.join(folder, "secure")];
    await using secure = new Program([...words, "--tlscert", cert, "--tlskey", key]);
    await secure.until(health);
    const trust = ["--discovery-opt", `token.cacertfile=${ca}`];
    const [created, refused] = await Promise.all([
      swarm(["create", "--service", `https://${place}`, ...trust]),
      swarm(["create", "--service", `https://${place}`]),
    ]);
    expect(created.code, created.stderr).to.equal(0);
    expect(refused.stderr).to.include("trust its authority with --discovery-opt token.cacertfile=FILE");
    const secret = `token://${place}/${created.stdout.trim()}`;
    await using agent = new Program(["join", "--advertise", lab().engine("node-1").addr, ...trust, secret]);
    await agent.until(/"Registering on the discovery service/);
    await secure.until(/"entry added"/);
    const { stdout } = await swarm(["list", ...trust, secret]);
    expect(stdout).to.equal(`${lab().engine("node-1").addr}\n`);
    expect(await secure.end("SIGTERM")).to.equal(0);
  });
});
