import { expect } from "chai";
import { swarm } from "./fake-world.ts";

const at = "2026/11/21 06:04:33";

describe("cli/list", () => {
  it("prints one address a line", async () => {
    const { code, stdout, stderr } = await swarm("list n[1:2]:1,[::1]:2");
    expect([code, stdout, stderr]).to.deep.equal([0, "n1:1\nn2:1\n[::1]:2\n", ""]);
  });

  it("prints nothing for an empty cluster", async () => {
    expect(await swarm("l nodes://n[2:1]:1")).to.include({ code: 0, stdout: "", stderr: "" });
  });

  // prettier-ignore
  const errors = [
    { line: "list",                           error: "discovery required to list a cluster. See 'swarm list --help'." },
    { line: "list --timeout 3s a:1 --discovery-opt x=y", error: "discovery required to list a cluster. See 'swarm list --help'." },
    { line: "list --timeout abc a:1",         error: 'invalid --timeout: time: invalid duration "abc"' },
    { line: "list --timeout 0 a:1",           error: "--timeout should be a positive number" },
    { line: "list --discovery-opt x a:1",     error: "--discovery-opt must contain key=value strings" },
    { line: "list tcp://a:1",                 error: "discovery service not supported" },
    { line: "list file:///no/nodes",          error: "failed to read '/no/nodes': open /no/nodes: no such file or directory" },
  ];
  for (const c of errors) {
    it(`answers "${c.line}" on stderr: ${c.error}`, async () => {
      const { code, stdout, stderr } = await swarm(c.line);
      expect([code, stdout, stderr]).to.deep.equal([1, "", `${at} ${c.error}\n`]);
    });
  }
});

describe("cli/join", () => {
  // prettier-ignore
  const errors = [
    { line: "join --advertise x",                           error: "discovery required to join a cluster. See 'swarm join --help'." },
    { line: "join --delay x a:1",                           error: "missing mandatory --advertise flag" },
    { line: "join --advertise x --delay x a:1",             error: "--advertise should be of the form ip:port or hostname:port" },
    { line: "join --advertise a:0 a:1",                     error: "--advertise should be of the form ip:port or hostname:port" },
    { line: "join --advertise a:65536 a:1",                 error: "--advertise should be of the form ip:port or hostname:port" },
    { line: "join --addr :1 --delay x --heartbeat x a:1",   error: 'invalid --delay: time: invalid duration "x"' },
    { line: "join --addr a:1 --delay -1s --heartbeat x a:1", error: "--delay should not be a negative number" },
    { line: "join --addr a:1 --heartbeat x --ttl x a:1",    error: 'invalid --heartbeat: time: invalid duration "x"' },
    { line: "join --addr a:1 --heartbeat 1ms --ttl x a:1",  error: "--heartbeat should be at least one second" },
    { line: "join --addr a:1 --ttl x --discovery-opt x a:1", error: 'invalid --ttl: time: invalid duration "x"' },
    { line: "join --addr a:1 --ttl 60s --discovery-opt x a:1", error: "--ttl must be strictly superior to the heartbeat value" },
    { line: "join --addr a:1 --discovery-opt x x",          error: "--discovery-opt must contain key=value strings" },
    { line: "join --addr a:1 tcp://x",                      error: "discovery service not supported" },
    { line: "join --addr a/b:1 a:1",                        error: "--advertise should be of the form ip:port or hostname:port" },
    { line: "join --addr a:1 file:///nodes",                error: "not implemented in this discovery service: add a:1 to file:///nodes by hand" },
  ];
  for (const c of errors) {
    it(`answers "${c.line}" in its log: ${c.error}`, async () => {
      const { code, logged, stderr } = await swarm(c.line);
      expect([code, logged, stderr]).to.deep.equal([1, [`fatal ${c.error}`], ""]);
    });
  }

  it("takes the address from $SWARM_ADVERTISE", async () => {
    const { logged } = await swarm("join b:1", { env: { SWARM_ADVERTISE: "e:1" } });
    expect(logged).to.deep.equal([
      "fatal not implemented in this discovery service: add e:1 to nodes://b:1 by hand",
    ]);
  });
});
